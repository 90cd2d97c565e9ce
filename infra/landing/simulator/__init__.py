"""Invented logs and catalogues with the layout and the quirks of real ones.

    landing/song_data/A/B/C/TRABC….json     one song each
    landing/log_data/YYYY/MM/YYYY-MM-DD-events.json     the events of one UTC day
    landing/log_json_path.json     how Redshift's COPY reads an event
    landing/truth.json     the plan, and what a right warehouse answers

The same plan makes the same bytes on every machine.
"""

from infra.landing.simulator.folder import is_simulated, is_unchanged, remove
from infra.landing.simulator.generate import Progress, generate
from infra.landing.simulator.plan import Plan

__all__ = ["Plan", "Progress", "generate", "is_simulated", "is_unchanged", "remove"]
