"""Shows what differs in assertions of the shared contract, which is not a test module itself."""

import pytest

pytest.register_assert_rewrite("tests.providers.contract", "tests.providers.exchanges")
