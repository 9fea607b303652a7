"""For tests of apps on the local cloud: the emulators in a thread or process of their own, and time that is moved."""
