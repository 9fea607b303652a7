"""The resource types of Azure, one a file."""
