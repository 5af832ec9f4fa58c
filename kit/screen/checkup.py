"""What `kit doctor` found."""

from rich.text import Text

from grader.text import _
from kit.doctor import Finding
from kit.screen.console import Screen, styled
from kit.screen.layout import indented


def show_finding(screen: Screen, finding: Finding) -> None:
    """One line, and the remedy when there is something to put right."""
    mark, role = ("✓", "passed") if finding.fine else ("✗", "failed") if finding.required else ("–", "todo")
    line = Text.assemble(styled(f"{finding.name}  ", "strong"), styled(finding.facts))
    screen.result(*indented(screen.out, line, 2, styled(mark, role)))
    if not finding.fine and finding.remedy:
        screen.result(*indented(screen.out, styled(finding.remedy, "quiet"), 4))


def show_end(screen: Screen, *, fine: bool) -> None:
    """The last line."""
    screen.result("", styled(_("Everything that is needed is in place."), "passed") if fine else styled(_("Something needed is missing."), "failed"))
