"""Pages of Redshift's Describe* answers, and the markers between them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from botocore.model import OperationModel, Shape

from infra.rehearsal.aws.answers import Params
from infra.rehearsal.aws.inputs import invalid


@dataclass
class Pages:
    """The rows that are still to be read, by marker."""

    left: dict[str, list[Params]] = field(default_factory=dict)

    def page(
        self,
        model: OperationModel,
        params: Params,
        size: int,
        answer: Callable[[], Params],
    ) -> Params:
        """One page of an answer; only the first page asks for the answer."""
        asked = params.get("MaxRecords", 100)
        if not 20 <= asked <= 100:
            raise invalid(f"Invalid MaxRecords: {asked}. It must be 20 to 100.")
        rows, marker = _rows(model), params.get("Marker")
        if not marker:
            result = answer()
        elif marker in self.left:
            result = {rows: self.left[marker]}
        else:
            raise invalid(f"Invalid marker: {marker}")
        size = min(size, asked)
        if len(result[rows]) > size:
            next_marker = f"marker-{model.name}-{len(self.left) + 1}"
            self.left[next_marker] = result[rows][size:]
            result = result | {rows: result[rows][:size], "Marker": next_marker}
        return result


def is_paged(model: OperationModel) -> bool:
    """Whether the operation answers in pages."""
    return "Marker" in _members(model)


def _rows(model: OperationModel) -> str:
    members = _members(model).items()
    return next(name for name, shape in members if shape.type_name == "list")


def _members(model: OperationModel) -> Mapping[str, Shape]:
    return model.output_shape.members if model.output_shape else {}
