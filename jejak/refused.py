"""The one error of starting a broker: what stands in the way, in one sentence that can be printed as it is."""


class BrokerRefused(RuntimeError):
    """The local broker cannot be started, or did not come up; the text says why and what helps."""
