"""The Python API: what `import runner` offers, by the same functions as the command line."""
