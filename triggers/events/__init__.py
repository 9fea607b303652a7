"""Events: from Event Grid, and to waiting orchestrations."""
