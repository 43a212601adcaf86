"""What nobody else is told of a request."""

from __future__ import annotations

from fastapi.telemetry import TelemetryConfig

NO_TELEMETRY: TelemetryConfig = {
    "tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False,
}  # fmt: skip
"""FastAPI would hand requests to OpenTelemetry where that is set up on a machine. Who asks for what is for Abby's own
log and metrics alone."""
