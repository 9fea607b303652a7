"""The ways in which ARM speaks: paths, bodies, errors, headers, tokens, names and limits, whatever the resource."""
