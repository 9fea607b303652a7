"""ARM's protocol, which is the same for every resource: paths, bodies, errors, headers, tokens, names, limits."""
