"""Reads texts as Python's readers do. Takes {"reader", "texts"} as JSON, and gives for each text its values with their paths, or null."""
import configparser
import io
import json
import sys
import tomllib


def flat(value, path):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from flat(inner, path + [str(name)])
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from flat(inner, path + [at])
    else:
        yield [path, value]


def word(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def yaml_texts(text):
    """Each scalar as it is written; of PyYAML's types only merge keys count."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {
        first: [(tag, regexp) for tag, regexp in resolvers if tag == "tag:yaml.org,2002:merge"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def any_tag(loader, suffix, node):
        if isinstance(node, yaml.ScalarNode):
            return loader.construct_scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return loader.construct_mapping(node, deep=True)

    Loader.add_multi_constructor("!", any_tag)
    for name in ["int", "float", "bool", "null", "timestamp", "binary"]:
        Loader.add_constructor(f"tag:yaml.org,2002:{name}", lambda loader, node: loader.construct_scalar(node))
    documents = enumerate(yaml.load_all(text, Loader))
    return [one for at, document in documents for one in flat(document, [at])]


def ini(text):
    parser = configparser.RawConfigParser()
    parser.optionxform = str
    parser.read_string(text)
    return [[[0, section, name], value] for section in parser.sections() for name, value in parser.items(section)]


def dotenv(text, expand):
    from dotenv import dotenv_values

    values = dotenv_values(stream=io.StringIO(text, newline=None), interpolate=expand)
    return [[[0, name], value] for name, value in values.items()]


READERS = {
    "yaml": yaml_texts,
    "toml": lambda text: [[path, word(value)] for path, value in flat(tomllib.loads(text, parse_float=str), [0])],
    "json": lambda text: [
        [path, word(value)] for path, value in flat(json.loads(text, parse_float=str, parse_int=str), [0])
    ],
    "ini": ini,
    "dotenv": lambda text: dotenv(text, False),
    "dotenv-expand": lambda text: dotenv(text, True),
}


def read(reader, text):
    try:
        return [[path, word(value)] for path, value in READERS[reader](text)]
    except Exception:
        return None


asked = json.load(sys.stdin)
json.dump([read(asked["reader"], text) for text in asked["texts"]], sys.stdout)
