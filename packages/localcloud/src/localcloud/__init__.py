"""The embedded local cloud: an Azure Resource Manager emulator and a Functions runtime. Never deployed."""
