"""Everything around the models: settings, landing, loading, reports, AWS."""
