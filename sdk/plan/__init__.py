"""Memory planning: lifetimes, placement, and the proof that a plan is right."""

from sdk.plan.buffers import Buffer, BufferId, MemoryPlan, Overlap
from sdk.plan.planner import plan

__all__ = ["Buffer", "BufferId", "MemoryPlan", "Overlap", "plan"]
