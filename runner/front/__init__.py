"""What the command line and the Python API share: how a workflow is opened and a run is begun."""
