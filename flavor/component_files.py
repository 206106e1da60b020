"""The parts of a model beside its weights, by the files that hold them. Standard library only."""

from dataclasses import dataclass

from .artifact_files import CONFIG, ArtifactFiles
from .plain_data import as_dict, as_text


@dataclass(frozen=True)
class Component:
    """One kind of part: the files it is kept in, where its class is named, and the Auto class that loads it."""

    name: str
    auto_class: str
    files: tuple[str, ...]
    content: tuple[str, ...]  # at least one of these must be there
    config: tuple[str, ...]  # files that may name its class
    class_keys: tuple[str, ...]


TOKENIZER = Component(
    name="tokenizer",
    auto_class="AutoTokenizer",
    files=(
        "tokenizer*.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "vocab*",
        "merges*.txt",
        "*.model",
        "*.spm",
        "*.tiktoken",
        "tekken.json",
        "normalizer.json",
        "bpe.codes",
        "entity_vocab.json",
        "dict.txt",
        "*.jinja",
        "chat_template.json",
    ),
    content=("tokenizer.json", "vocab*", "*.model", "*.spm", "*.tiktoken", "tekken.json", "dict.txt"),
    config=("tokenizer_config.json",),
    class_keys=("tokenizer_class",),
)
IMAGE_PROCESSOR = Component(
    name="image_processor",
    auto_class="AutoImageProcessor",
    files=("preprocessor_config.json", "processor_config.json"),
    content=("preprocessor_config.json", "processor_config.json"),
    config=("preprocessor_config.json", "processor_config.json"),
    class_keys=("image_processor_type",),
)
FEATURE_EXTRACTOR = Component(
    name="feature_extractor",
    auto_class="AutoFeatureExtractor",
    files=("preprocessor_config.json", "processor_config.json"),
    content=("preprocessor_config.json", "processor_config.json"),
    config=("preprocessor_config.json", "processor_config.json"),
    class_keys=("feature_extractor_type",),
)
VIDEO_PROCESSOR = Component(
    name="video_processor",
    auto_class="AutoVideoProcessor",
    files=("video_preprocessor_config.json", "preprocessor_config.json", "processor_config.json"),
    content=("video_preprocessor_config.json", "preprocessor_config.json", "processor_config.json"),
    config=("video_preprocessor_config.json", "processor_config.json"),
    class_keys=("video_processor_type",),
)
PROCESSOR = Component(
    name="processor",
    auto_class="AutoProcessor",
    files=(*TOKENIZER.files, "preprocessor_config.json", "video_preprocessor_config.json", "processor_config.json"),
    content=("processor_config.json", "preprocessor_config.json"),
    config=("processor_config.json", "preprocessor_config.json", "tokenizer_config.json"),
    class_keys=("processor_class",),
)

# In the order in which stock writes them.
COMPONENTS = {each.name: each for each in (FEATURE_EXTRACTOR, TOKENIZER, IMAGE_PROCESSOR, VIDEO_PROCESSOR, PROCESSOR)}


def files_of(component: Component, files: ArtifactFiles) -> list[str]:
    """Return the files of a flat checkpoint folder that belong to a component."""
    top = [path for path in files.named(*component.files) if "/" not in path]
    chats = files.named("*.jinja", below="additional_chat_templates") if "*.jinja" in component.files else []
    return [*top, *chats]


def is_there(component: Component, files: ArtifactFiles) -> bool:
    """Whether a checkpoint folder holds the component."""
    return any("/" not in path for path in files.named(*component.content))


def class_named_in(component: Component, files: ArtifactFiles) -> str:
    """Return the class that a checkpoint's configuration names for a component, empty when it names none. Raises Unreadable."""
    for path in component.config:
        said = as_dict(files.json(path)) if path in files else {}
        nested = as_dict(said.get(component.name))
        for key in component.class_keys:
            if named := as_text(said.get(key)) or as_text(nested.get(key)):
                return named
    return ""


def needs_config(component: Component, files: ArtifactFiles) -> bool:
    """Whether the component's class can only be found through the model's configuration."""
    return CONFIG in files and not class_named_in(component, files)
