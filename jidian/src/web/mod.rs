//! The web console: pages, their JSON twins and live events.
