"""Which version of askpix this is."""

VERSION = "0.1.0"
