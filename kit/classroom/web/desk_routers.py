"""The teacher's desk: all its routes."""

from fastapi import APIRouter

from kit.classroom.web import (
    desk_assignments,
    desk_audit,
    desk_files,
    desk_gradebook,
    desk_health,
    desk_home,
    desk_people,
    desk_regrades,
    desk_sections,
    desk_settings,
    desk_similarity,
    desk_speed,
    desk_statistics,
    desk_submissions,
)

__all__ = ["routers"]

routers: list[APIRouter] = [
    desk_home.router,
    desk_health.router,
    desk_speed.router,
    desk_gradebook.router,
    desk_submissions.router,
    desk_statistics.router,
    desk_similarity.router,
    desk_regrades.router,
    desk_people.router,
    desk_sections.router,
    desk_assignments.router,
    desk_files.router,
    desk_settings.router,
    desk_audit.router,
]
