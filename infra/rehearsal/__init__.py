"""Stand-ins for AWS on this machine, to rehearse the path to Redshift."""
