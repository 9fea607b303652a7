"""Azure Resource Manager, typed: ids in, facts out. One file for each kind of resource."""
