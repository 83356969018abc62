"""The models that can be used, and what each can do."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from ._models import dropping_none, required
from .generated.rpc import ModelBillingTokenPrices


@dataclass
class ModelVisionLimits:
    supported_media_types: list[str] | None = None
    max_prompt_images: int | None = None
    max_prompt_image_size: int | None = None

    @staticmethod
    def from_dict(obj: Any) -> ModelVisionLimits:
        required(obj, "ModelVisionLimits")
        return ModelVisionLimits(*(obj.get(each.name) for each in fields(ModelVisionLimits)))

    def to_dict(self) -> dict[str, Any]:
        return dropping_none(**vars(self))


@dataclass
class ModelLimits:
    max_prompt_tokens: int | None = None
    max_context_window_tokens: int | None = None
    vision: ModelVisionLimits | None = None

    @staticmethod
    def from_dict(obj: Any) -> ModelLimits:
        required(obj, "ModelLimits")
        vision = obj.get("vision")
        return ModelLimits(
            obj.get("max_prompt_tokens"),
            obj.get("max_context_window_tokens"),
            None if vision is None else ModelVisionLimits.from_dict(vision),
        )

    def to_dict(self) -> dict[str, Any]:
        vision = None if self.vision is None else self.vision.to_dict()
        return dropping_none(**{**vars(self), "vision": vision})


@dataclass
class ModelSupports:
    vision: bool = False
    reasoning_effort: bool = False

    @staticmethod
    def from_dict(obj: Any) -> ModelSupports:
        required(obj, "ModelSupports")
        return ModelSupports(bool(obj.get("vision")), bool(obj.get("reasoningEffort")))

    def to_dict(self) -> dict[str, Any]:
        return {"vision": self.vision, "reasoningEffort": self.reasoning_effort}


@dataclass
class ModelCapabilities:
    supports: ModelSupports
    limits: ModelLimits

    @staticmethod
    def from_dict(obj: Any) -> ModelCapabilities:
        required(obj, "ModelCapabilities")
        supports, limits = obj.get("supports") or {}, obj.get("limits") or {}
        return ModelCapabilities(ModelSupports.from_dict(supports), ModelLimits.from_dict(limits))

    def to_dict(self) -> dict[str, Any]:
        return {"supports": self.supports.to_dict(), "limits": self.limits.to_dict()}


@dataclass
class ModelPolicy:
    state: str
    terms: str

    @staticmethod
    def from_dict(obj: Any) -> ModelPolicy:
        required(obj, "ModelPolicy", "state")
        return ModelPolicy(str(obj["state"]), str(obj.get("terms") or ""))

    def to_dict(self) -> dict[str, Any]:
        return {"state": self.state, "terms": self.terms}


@dataclass
class ModelBilling:
    multiplier: float | None = None
    token_prices: ModelBillingTokenPrices | None = None

    @staticmethod
    def from_dict(obj: Any) -> ModelBilling:
        required(obj, "ModelBilling")
        prices = obj.get("tokenPrices")
        if prices is not None:
            prices = ModelBillingTokenPrices.from_dict(prices)
        multiplier = obj.get("multiplier")
        return ModelBilling(None if multiplier is None else float(multiplier), prices)

    def to_dict(self) -> dict[str, Any]:
        prices = None if self.token_prices is None else self.token_prices.to_dict()
        return dropping_none(multiplier=self.multiplier, tokenPrices=prices)


@dataclass
class ModelInfo:
    id: str
    name: str
    capabilities: ModelCapabilities
    policy: ModelPolicy | None = None
    billing: ModelBilling | None = None
    supported_reasoning_efforts: list[str] | None = None
    default_reasoning_effort: str | None = None

    @staticmethod
    def from_dict(obj: Any) -> ModelInfo:
        identity, name, capabilities = required(obj, "ModelInfo", "id", "name", "capabilities")
        policy, billing = obj.get("policy"), obj.get("billing")
        return ModelInfo(
            str(identity),
            str(name),
            ModelCapabilities.from_dict(capabilities),
            None if policy is None else ModelPolicy.from_dict(policy),
            None if billing is None else ModelBilling.from_dict(billing),
            obj.get("supportedReasoningEfforts"),
            obj.get("defaultReasoningEffort"),
        )

    def to_dict(self) -> dict[str, Any]:
        return dropping_none(
            id=self.id,
            name=self.name,
            capabilities=self.capabilities.to_dict(),
            policy=None if self.policy is None else self.policy.to_dict(),
            billing=None if self.billing is None else self.billing.to_dict(),
            supportedReasoningEfforts=self.supported_reasoning_efforts,
            defaultReasoningEffort=self.default_reasoning_effort,
        )
