"""Commands for operators: run beside the app's folder with its settings in the environment, never deployed."""
