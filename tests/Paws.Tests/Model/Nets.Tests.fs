module Paws.Tests.Model.NetsTests

open System
open System.Text.Json.Nodes
open Expecto
open TorchSharp
open Paws.Model
open Paws.Tests

let private at (node: JsonNode) path =
    List.fold (fun (n: JsonNode) (key: string) -> n[key]) node path

let private specOf (case: JsonObject) =
    let names = [ for p in case["parameters"].AsArray() -> p[0].GetValue<string>() ]
    let resnet = case["model"].GetValue<string>() = "resnet50"

    {
        ModelName = case["model"].GetValue<string>()
        OutputDim = (if resnet then 256 else 128)
        ProjLayers = 3
        UsePredHead = List.exists (fun (n: string) -> n.StartsWith "pred.") names
    }

/// The formula of the golden files: value i of the entry named n.
let private fill (offset: float) (encoder: Encoder) =
    use _ = torch.no_grad ()
    use _ = torch.NewDisposeScope()

    for named in Seq.append (encoder.NamedParameters()) (encoder.NamedBuffers()) do
        let name, t = named.Name, named.Value

        if t.dtype <> torch.int64 then
            let phase = float (Seq.sumBy int name % 97) + offset

            let s =
                (torch.arange (t.numel (), dtype = torch.float64) * 0.1 + phase).sin().reshape t.shape

            let value =
                if name.EndsWith "running_mean" then
                    s * 0.05
                elif name.EndsWith "running_var" then
                    s * 0.1 + 1.0
                elif t.Dimensions >= 2 then
                    s * sqrt (2.0 / float (t.numel () / t.shape[0]))
                elif
                    name.EndsWith ".weight"
                    && (name.Contains "bn" || name.EndsWith "downsample.1.weight")
                then
                    s * 0.1 + 1.0
                else
                    s * 0.01

            t.copy_ value |> ignore

let private images (offset: float) (count: int) (size: int) =
    let t = torch.arange (int64 (count * 3 * size * size), dtype = torch.float64)

    let slow: torch.Tensor = (t * 0.013 + offset).sin()
    let quick: torch.Tensor = (t * 0.0007 * t).fmod((6.283).ToScalar())
    (slow + quick.cos () * 0.5).reshape(int64 count, 3L, int64 size, int64 size)

/// Images in the case's groups, neighbours of one size joined: a resolution is one forward pass.
let private groups (case: JsonObject) =
    let offset = case["offset"].GetValue<float>()

    let inputs = [
        for g in case["inputs"].AsArray() -> g["count"].GetValue<int>(), g["size"].GetValue<int>()
    ]

    [|
        for size in inputs |> List.map snd |> List.distinct do
            torch.cat (
                [|
                    for n, s in inputs do
                        if s = size then
                            images offset n s
                |],
                0L
            )
    |]

let private closeTo tolerance (what: string) (expected: float) (actual: float) =
    let scale = max (abs expected) 1e-6
    Expect.isLessThan (abs (actual - expected) / scale) tolerance $"{what}: expected {expected}, got {actual}"

let private checkOutput (close: string -> float -> float -> unit) what (expected: JsonNode) (actual: torch.Tensor) =
    Expect.equal
        actual.shape
        (expected["shape"].AsArray()
         |> Seq.map (fun d -> d.GetValue<int64>())
         |> Array.ofSeq)
        what

    let flat = actual.detach().flatten().data<float>().ToArray()

    Golden.vector expected["first8"]
    |> Array.iteri (fun i e -> close $"{what}[{i}]" e flat[i])

    let last = Golden.vector expected["last4"]

    last
    |> Array.iteri (fun i e -> close $"{what}[^{last.Length - i}]" e flat[flat.Length - last.Length + i])

    close $"{what} norm" (Golden.number expected["norm"]) (sqrt (Array.sumBy (fun x -> x * x) flat))
    close $"{what} mean" (Golden.number expected["mean"]) (Array.average flat)

let private withEncoder (case: JsonObject) check =
    use _ = torch.NewDisposeScope()
    use encoder = Encoder.create (specOf case) 0
    encoder.To(torch.CPU, torch.float64)
    fill (case["offset"].GetValue<float>()) encoder
    check encoder

let private goldenTests (case: JsonObject) =
    // Batch statistics over 4 to 12 values in 53 layers enlarge a change of the pixels 3·10⁶ times in the ResNet case:
    // rounding alone moves its training outputs by some 1e-9.
    let trainTolerance =
        if case["model"].GetValue<string>() = "resnet50" then
            1e-6
        else
            1e-9

    testList (case["tag"].GetValue<string>()) [
        testCase "names, shapes and counts"
        <| fun () ->
            withEncoder case (fun encoder ->
                let parameters = [ for p in encoder.NamedParameters() -> p.Name, List.ofArray p.Value.shape ]

                let expected = [
                    for p in case["parameters"].AsArray() -> p[0].GetValue<string>(), [ for d in p[1].AsArray() -> d.GetValue<int64>() ]
                ]

                Expect.equal parameters expected "parameters"

                Expect.equal
                    [ for b in encoder.NamedBuffers() -> b.Name ]
                    [ for b in case["buffers"].AsArray() -> b.GetValue<string>() ]
                    "buffers"

                Expect.equal
                    (encoder.NamedParameters() |> Seq.sumBy (fun p -> p.Value.numel ()))
                    (case["parameter_count"].GetValue<int64>())
                    "count")

        testCase "evaluation"
        <| fun () ->
            withEncoder case (fun encoder ->
                use _ = torch.no_grad ()
                let close = closeTo 1e-9
                encoder.Eval()
                let struct (h, z) = encoder.Forward(groups case)
                checkOutput close "before head" (at case [ "eval"; "before_head" ]) h
                checkOutput close "after head" (at case [ "eval"; "after_head" ]) z)

        testCase "training: outputs, gradients, running statistics"
        <| fun () ->
            withEncoder case (fun encoder ->
                let close = closeTo trainTolerance
                use flat = new FlatParameters(encoder.NamedParameters())
                let struct (h, z) = encoder.Forward(groups case)
                checkOutput close "before head" (at case [ "train"; "before_head" ]) h
                checkOutput close "after head" (at case [ "train"; "after_head" ]) z
                let index = torch.arange(z.numel (), dtype = torch.float64).reshape z.shape
                (z * index.cos ()).sum().backward()
                let norms = case["grad_norms"].AsObject()

                for segment in flat.Segments do
                    let expected = norms[segment.Name].GetValue<float>()
                    let actual = Scalars.value (flat.View(flat.Gradients, segment).norm())

                    // Shifts that a batch-norm removes have a gradient of rounding errors alone.
                    if expected < 1e-10 then
                        Expect.isLessThan actual 1e-10 segment.Name
                    else
                        close segment.Name expected actual

                let buffers = dict [ for b in encoder.NamedBuffers() -> b.Name, b.Value ]

                for entry in case["running_stats_after_one_forward"].AsObject() do
                    let expected = Golden.vector entry.Value
                    let actual = buffers[entry.Key]
                    close $"{entry.Key} mean" expected[0] (Scalars.value (actual.mean ()))
                    close $"{entry.Key} norm" expected[1] (Scalars.value (actual.norm ())))
    ]

[<Tests>]
let tests =
    testList "Model.Nets.golden" [ for case in Golden.cases "models.json" -> goldenTests case ]
