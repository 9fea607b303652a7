"""An emulation of Azure Resource Manager for managed images and Azure Compute Galleries."""
