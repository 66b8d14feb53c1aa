"""`ag.visualize`: what is drawn is the graph, in every form."""

from __future__ import annotations

import doctest
import re
import time
import weakref
from xml.etree import ElementTree

import pytest

import arraygrad as ag
from arraygrad.errors import ArgumentError, ArgumentTypeError, GradientError
from arraygrad.visualize.layout import MOST_BENDS, arrange

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(params=["numpy", "array_api_strict"], autouse=True)
def backend(request):
    with ag.use_backend(request.param):
        yield


def network():
    """A loss of a small network with a connection past a layer, and its parameters."""
    shapes = {"W1": (3, 4), "b1": (4,), "W2": (4, 4), "b2": (4,), "W3": (4, 1)}
    parameters = {name: ag.rand(*shape, requires_grad=True) for name, shape in shapes.items()}
    hidden = ag.tanh(ag.rand(8, 3) @ parameters["W1"] + parameters["b1"])
    hidden = ag.tanh(hidden @ parameters["W2"] + parameters["b2"]) + hidden
    return ((hidden @ parameters["W3"]) ** 2).mean(), parameters


def chain(length):
    x = ag.ones(3, requires_grad=True)
    y = x
    for _ in range(length):
        y = y * x
    return y


def edges_of(root):
    """All edges of a graph, as (name of the source, number of its output, name of the target), sorted."""
    found, stack, seen = [], [root], {root}
    while stack:
        node = stack.pop()
        for source, number in node.next_functions:
            if source is not None:
                found.append((source.name(), number, node.name()))
                if source not in seen:
                    seen.add(source)
                    stack.append(source)
    return sorted(found)


def edges_of_dot(text):
    """The same of a DOT file, with "leaf" for AccumulateGrad."""
    names = dict(re.findall(r'^  (n\d+) \[label="([^\\"]*)', text, re.MULTILINE))
    arrows = re.findall(r'^  (n\d+) -> (n\d+)(?: \[label="(\d+)"\])?;$', text, re.MULTILINE)
    return sorted((names[source].replace("leaf", "AccumulateGrad"), int(number or 0), names[target])
                  for source, target, number in arrows)  # fmt: skip


def parsed(picture):
    return ElementTree.fromstring(picture.svg())


def texts_of(picture):
    """The lines of each box of an image."""
    return [[text.text for text in group.iter(f"{SVG}text")] for group in parsed(picture).iter(f"{SVG}g")
            if group.find(f"{SVG}rect") is not None]  # fmt: skip


# -- the table --------------------------------------------------------------------------------------------


def test_text_lists_nodes_latest_first():
    x, w = ag.ones(2, 3), ag.ones(3, requires_grad=True)
    loss = ag.sum(ag.exp(w * x))
    assert str(ag.visualize(loss, {"w": w})) == (
        "4 nodes, 3 edges, 48 B kept for the backward pass\n"
        "\n"
        "0  SumBackward0  () float32                  <- 1  output\n"
        "1  ExpBackward0  (2, 3) float32  keeps 24 B  <- 2\n"
        "2  MulBackward0  (2, 3) float32  keeps 24 B  <- 3\n"
        "3  w             (3,) float32"
    )


def test_example_of_the_documentation_runs():
    with ag.use_backend("numpy"):
        assert doctest.testmod(__import__("sys").modules["arraygrad.visualize"]).failed == 0


def test_text_ends_with_a_count_of_what_is_left_out():
    picture = ag.visualize(chain(1000))
    lines = repr(picture).splitlines()
    assert len(lines) == 103
    assert lines[0].startswith("1001 nodes, 2000 edges, ")
    assert lines[-1] == "... and 901 more nodes"
    assert picture.text(3).splitlines()[-1] == "... and 998 more nodes"
    assert len(picture.text().splitlines()) == 1003


def test_bytes_that_several_nodes_keep_count_once_in_the_sum():
    x = ag.ones(1000, requires_grad=True)
    first, second = x * x, x * x
    text = str(ag.visualize([first, second]))
    assert text.count("keeps 8 kB") == 2
    assert "4 kB kept for the backward pass" in text


def test_nodes_that_a_backward_pass_released_say_so():
    x = ag.ones(3, requires_grad=True)
    loss = (x * x).sum()
    loss.backward()
    text = str(ag.visualize(loss))
    assert "0 B kept" in text
    assert re.search(r"MulBackward0 .* released ", text)


@pytest.mark.parametrize("call", ["first", "second"])
def test_shapes_and_dtypes_are_those_of_the_results(call):
    # The second call of an operation takes a shorter way, which records less.
    x = ag.rand(2, 3, requires_grad=True)
    named = {"x": x}
    named["exp"] = ag.exp(x)
    named["row"] = named["exp"][0]
    named["sum"] = named["exp"] + named["row"]
    named["scaled"] = 2 * named["sum"] / 3
    named["wide"] = ag.sum(named["scaled"].astype("float64"), axis=0)
    named["complex"] = named["wide"] * ag.tensor([1j, 2.0, 3.0], dtype="complex128")
    named["abs"] = ag.abs(named["complex"])
    named["stacked"] = ag.stack([named["abs"], named["wide"]])
    named["both"] = ag.concat([named["stacked"], named["scaled"].astype("float64")], axis=1)
    named["loss"] = ag.mean(named["both"])
    lines = str(ag.visualize(named["loss"], named)).splitlines()
    for name, tensor in named.items():
        shape = str(tensor.shape)
        assert any(re.match(rf"\d+ +{name} +{re.escape(shape)} {tensor.dtype.name}\b", line) for line in lines), name


def test_shapes_of_leaves_are_known_when_nothing_is_kept():
    for _ in range(2):
        x = ag.ones(2, 3, requires_grad=True)
        loss = ag.abs(x).sum()
        loss.backward()
        assert "leaf          (2, 3) float32" in str(ag.visualize(loss))


def test_what_is_not_known_is_not_guessed():
    for _ in range(2):
        z = ag.tensor([1j, 2.0], requires_grad=True) * 1
        loss = ag.abs(z).sum()
        loss.backward()
        line = next(line for line in str(ag.visualize(loss)).splitlines() if "MulBackward0" in line)
        assert "complex64" in line or "(" not in line


def test_outputs_of_a_node_that_has_several_are_told_apart():
    values, vectors = ag.linalg.eigh(ag.eye(3, requires_grad=True))
    picture = ag.visualize(values.sum() + vectors.sum())
    assert "(3,) float32, (3, 3) float32" in str(picture)
    assert re.search(r"<- \d+\[1\]", str(picture))
    assert '[label="1"]' in picture.dot()
    assert edges_of_dot(picture.dot()) == edges_of((values.sum() + vectors.sum()).grad_fn)


def test_tensors_that_hooks_packed_are_counted():
    x = ag.ones(250, requires_grad=True)
    with ag.autograd.graph.saved_tensors_hooks(lambda kept: kept, lambda kept: kept):
        packed = x * x
    with ag.autograd.graph.saved_tensors_hooks(lambda kept: "elsewhere", lambda kept: x):
        elsewhere = x * x
    assert "keeps 2 kB" in str(ag.visualize(packed))
    assert "keeps" not in str(ag.visualize(elsewhere))


# -- names --------------------------------------------------------------------------------------------------


def test_names_are_of_leaves_and_of_results():
    loss, parameters = network()
    lines = str(ag.visualize(loss, {**parameters, "loss": loss})).splitlines()
    assert lines[2].split()[1] == "loss"
    assert {line.split()[1] for line in lines[2:]} >= {"W1", "b1", "W2", "b2", "W3"}
    assert not any("leaf" in line for line in lines)


def test_names_may_come_as_pairs_and_a_tensor_may_have_two():
    w = ag.ones(2, requires_grad=True)
    assert " first, second " in str(ag.visualize(w * 2, [("first", w), ("second", w)]))
    assert " leaf " in str(ag.visualize(w * 2))
    assert " leaf " in str(ag.visualize(w * 2, {"constant": ag.ones(2)}))


STRANGE = ['<b>"&\'</b>', "a\\b", "two\nlines", "\x00\x1b", "]]>", "--", "\ud800", "ß\u202e", "\uffff"]


@pytest.mark.parametrize("name", STRANGE)
def test_names_are_escaped(name, tmp_path):
    w = ag.ones(2, requires_grad=True)
    picture = ag.visualize(w * 2, {name: w})
    assert len(str(picture).splitlines()) == 4
    assert len(list(parsed(picture).iter(f"{SVG}rect"))) == 3
    labels = re.findall(r'label="((?:[^"\\]|\\.)*)", fillcolor', picture.dot())
    assert len(labels) == 2
    for form in ("svg", "dot", "txt"):
        picture.save(tmp_path / f"graph.{form}")


def test_plain_names_are_shown_as_they_are():
    w = ag.ones(2, requires_grad=True)
    assert 'label="a\\\\b \\"c\\"\\n(2,) float32"' in ag.visualize(w * 2, {'a\\b "c"': w}).dot()
    picture = ag.visualize(w * 2, {"<Gewicht> & ß": w})
    assert "<Gewicht> & ß" in str(picture)
    assert ["<Gewicht> & ß", "(2,) float32"] in texts_of(picture)
    assert 'label="<Gewicht> & ß\\n(2,) float32"' in picture.dot()


def test_long_names_are_cut_in_the_image_and_whole_in_its_title():
    w = ag.ones(2, requires_grad=True)
    picture = ag.visualize(w * 2, {"w" * 100: w})
    assert ["w" * 47 + "…", "(2,) float32"] in texts_of(picture)
    assert any("w" * 100 in title.text for title in parsed(picture).iter(f"{SVG}title"))


# -- DOT and SVG --------------------------------------------------------------------------------------------


def test_edges_of_the_dot_file_are_those_of_the_graph():
    loss, _ = network()
    dot = ag.visualize(loss).dot()
    assert edges_of_dot(dot) == edges_of(loss.grad_fn)
    assert dot.startswith("digraph arraygrad {")
    assert dot.endswith("}\n")


def test_an_argument_used_twice_has_two_edges():
    x = ag.ones(3, requires_grad=True)
    picture = ag.visualize(x * x)
    assert edges_of_dot(picture.dot()) == [("AccumulateGrad", 0, "MulBackward0")] * 2
    paths = [path.get("d") for path in parsed(picture).iter(f"{SVG}path")][1:]
    assert len(set(paths)) == 2


def test_image_has_a_box_for_each_node_and_a_curve_for_each_edge():
    loss, parameters = network()
    picture = ag.visualize(loss, parameters)
    boxes = texts_of(picture)
    assert len(boxes) == len(picture.diagram.boxes) == 15
    assert ["W2", "(4, 4) float32"] in boxes
    assert ["TanhBackward0", "(8, 4) float32", "keeps 128 B"] in boxes
    curves = [path for path in parsed(picture).iter(f"{SVG}path") if "C" in path.get("d")]
    assert len(curves) == len(edges_of(loss.grad_fn)) == 15


def places_of(picture):
    """Boxes with the places that the image gives them."""
    rects = [group.find(f"{SVG}rect") for group in parsed(picture).iter(f"{SVG}g")]
    return [tuple(float(rect.get(side)) for side in ("x", "y", "width", "height")) for rect in rects if rect is not None]


def test_boxes_do_not_overlap_and_lie_inside_the_image():
    loss, parameters = network()
    picture = ag.visualize([loss, (loss * 2).exp()], parameters)
    width, height = (float(parsed(picture).get(side)) for side in ("width", "height"))
    places = places_of(picture)
    for index, (x, y, w, h) in enumerate(places):
        assert 0 < x < x + w < width
        assert 0 < y < y + h < height
        for x2, y2, w2, h2 in places[:index]:
            assert x + w < x2 or x2 + w2 < x or y + h < y2 or y2 + h2 < y


def test_arrows_point_down():
    loss, parameters = network()
    x = parameters["b1"]
    short = ag.exp(x)
    long = ag.tanh(ag.tanh(ag.tanh(x)))
    for tensor in (loss, short + long):
        picture = ag.visualize(tensor, parameters)
        places = places_of(picture)
        for source, target, _ in picture.diagram.arrows:
            assert places[source][1] + places[source][3] < places[target][1]


def test_arrows_cross_only_where_they_must():
    second, first = ag.ones(2, requires_grad=True), ag.ones(2, requires_grad=True)
    picture = ag.visualize(ag.tanh(first) * ag.exp(second))
    places = places_of(picture)
    arrows = [(places[source], places[target]) for source, target, _ in picture.diagram.arrows]
    for above, below in arrows:
        for above2, below2 in arrows:
            if above[1] == above2[1] and above[0] < above2[0]:
                assert below[0] <= below2[0]


def test_curves_lie_inside_the_image():
    x = ag.tanh(ag.ones(2, requires_grad=True))
    y = ag.tanh(ag.tanh(ag.tanh(x)))
    for picture in (ag.visualize(y + x), ag.visualize(x + y)):
        width, height = (float(parsed(picture).get(side)) for side in ("width", "height"))
        for path in list(parsed(picture).iter(f"{SVG}path"))[1:]:
            numbers = [float(number) for number in re.findall(r"[\d.-]+", re.sub(r"V[\d.]+", "", path.get("d")))]
            assert all(0 < x < width for x in numbers[::2])
            assert all(0 < y < height for y in numbers[1::2])


def test_operations_of_a_chain_stand_in_a_column():
    w = [ag.ones(2, requires_grad=True) for _ in range(5)]
    y = w[0]
    for each in w[1:]:
        y = ag.tanh(y) * each
    picture = ag.visualize(y)
    placed = zip(picture.diagram.boxes, places_of(picture), strict=True)
    centres = {x + width / 2 for box, (x, _, width, _) in placed if not box.is_leaf}
    assert max(centres) - min(centres) < 1


def test_an_arrow_past_other_layers_bends_around_their_boxes():
    loss, parameters = network()
    diagram = ag.visualize(loss, parameters).diagram
    layout = arrange(diagram, [(100.0, 40.0)] * len(diagram.boxes))
    (way,) = [bends for bends in layout.bends if bends]
    assert len(way) == 3
    assert [path.get("d").count("V") for path in parsed(ag.visualize(loss)).iter(f"{SVG}path")].count(3) == 1
    for bend in way:
        assert bend.height == 40
        assert all(abs(bend.centre - place.centre) > 50 for place in layout.places if place.y == bend.y)


def test_image_is_the_same_each_time():
    loss, parameters = network()
    assert ag.visualize(loss, parameters).svg() == ag.visualize(loss, parameters).svg()


# -- large graphs -------------------------------------------------------------------------------------------


def test_there_are_only_so_many_bends():
    diagram = ag.visualize(chain(300)).diagram
    bends = arrange(diagram, [(100.0, 40.0)] * len(diagram.boxes)).bends
    assert 0 < sum(map(len, bends)) <= MOST_BENDS
    assert sum(arrow.source - arrow.target for arrow in diagram.arrows) > 2 * MOST_BENDS


@pytest.mark.parametrize("wide", [False, True])
def test_ten_thousand_nodes_are_drawn_in_a_second_or_so(wide):
    if wide:
        x = ag.ones(3, requires_grad=True)
        y = ag.sum(ag.stack([x * number for number in range(10_000)]))
    else:
        y = chain(10_000)
    started = time.process_time()
    picture = ag.visualize(y)
    count = len(picture.diagram.boxes)
    assert count > 10_000
    assert len(repr(picture).splitlines()) == 103
    assert len(picture.dot().splitlines()) == 3 + count + len(picture.diagram.arrows)
    assert len(list(parsed(picture).iter(f"{SVG}text"))) > count
    assert time.process_time() - started < 20


def test_notebooks_show_an_image_and_of_large_graphs_a_table():
    loss, parameters = network()
    picture = ag.visualize(loss, parameters)
    assert picture._repr_svg_() == picture.svg()
    assert picture.svg() in picture._repr_html_()
    assert ag.visualize(chain(3000), {"<w>": loss})._repr_html_().startswith("<pre>3001 nodes")
    assert "&lt;- 1" in ag.visualize(chain(3000))._repr_html_()


# -- files, and what is refused -------------------------------------------------------------------------------


def test_suffix_says_in_which_form_to_save(tmp_path):
    picture = ag.visualize(chain(200))
    forms = {".svg": picture.svg(), ".dot": picture.dot(), ".txt": picture.text(), ".SVG": picture.svg()}
    for suffix, content in forms.items():
        picture.save(tmp_path / f"graph{suffix}")
        assert (tmp_path / f"graph{suffix}").read_text(encoding="utf-8") == content
    picture.save(str(tmp_path / "other.txt"))
    with pytest.raises(ArgumentError, match=r"graph\.png'; expected a name that ends in one of \.txt, \.dot, \.svg"):
        picture.save(tmp_path / "graph.png")
    assert not (tmp_path / "graph.png").exists()


def test_picture_does_not_keep_the_graph_alive():
    y = ag.exp(ag.ones(3, requires_grad=True))
    node = weakref.ref(y.grad_fn.extras())
    picture = ag.visualize(y)
    del y
    assert node() is None
    assert "ExpBackward0" in str(picture)


def test_tensors_may_be_nested_and_constants_among_them_are_left_out():
    x = ag.ones(3, requires_grad=True)
    text = str(ag.visualize({"a": x * 2, "b": [x + 1, (ag.ones(1), None)]}))
    assert text.startswith("3 nodes, 2 edges")
    assert text.count("output") == 2


def test_a_leaf_alone_is_a_graph():
    x = ag.ones(3, requires_grad=True)
    assert str(ag.visualize(x, {"x": x})).splitlines()[2:] == ["0  x  (3,) float32      output"]
    assert len(texts_of(ag.visualize(x))) == 1


def test_graphs_of_transforms_and_of_dual_tensors_are_drawn():
    seen = []

    def f(x):
        seen.append(str(ag.visualize(x**2)))
        return (x**2).sum()

    ag.func.grad(f)(ag.ones(3))
    assert "PowBackward0  (3,) float32" in seen[0]
    with ag.autograd.forward_ad.dual_level():
        dual = ag.autograd.forward_ad.make_dual(ag.ones(3, requires_grad=True), ag.ones(3))
        assert "MulBackward0" in str(ag.visualize(dual * dual))
        assert "(3,) float32, (3, 3) float32" in str(ag.visualize(tuple(ag.linalg.eigh(dual * ag.eye(3)))))


def test_what_has_no_graph_is_refused():
    with pytest.raises(GradientError, match="none of the tensors requires a gradient"):
        ag.visualize(ag.ones(3))
    with pytest.raises(GradientError, match="none of the tensors requires a gradient"):
        ag.visualize([])
    with pytest.raises(ArgumentTypeError, match="got float; expected a Tensor"):
        ag.visualize([ag.ones(3, requires_grad=True), 2.0])
    with pytest.raises(ArgumentTypeError, match=r"params\['w'\]: got int; expected a Tensor"):
        ag.visualize(ag.ones(3, requires_grad=True), {"w": 1})
