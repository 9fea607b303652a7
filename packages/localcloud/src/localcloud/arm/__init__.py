"""An emulator of Azure Resource Manager for managed images and compute galleries."""
