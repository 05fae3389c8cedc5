"""What `askpix doctor` looks at: each check gives findings, in plain words, and what to do."""
