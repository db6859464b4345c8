module Paws.Tests.Model.OptimTests

open System
open System.Text.Json.Nodes
open Expecto
open TorchSharp
open Paws.Model
open Paws.Tests

let private tensor (node: JsonNode) =
    if node[0] :? JsonArray then
        Golden.matrix node
    else
        torch.tensor (Golden.vector node, dtype = torch.float64)

let private names = [ "weight"; "bias"; "zero_weight" ]

let private larsCase (step: Lars -> float -> unit) (case: JsonObject) =
    use _ = torch.NewDisposeScope()

    let parameters = [|
        for name in names -> NamedTensor(name, (tensor (case["initial"].[name])).requires_grad_ true)
    |]

    use flat = new FlatParameters(parameters)

    use lars =
        new Lars(
            flat,
            {
                LarsOptions.Default with
                    Momentum = Golden.number case.["momentum"]
                    WeightDecay = Golden.number case.["weight_decay"]
                    Nesterov = case["nesterov"].GetValue<bool>()
                    TrustCoefficient = Golden.number case.["trust_coefficient"]
            }
        )

    for expected in case["steps"].AsArray() do
        for segment in flat.Segments do
            flat.View(flat.Gradients, segment).copy_(tensor (expected["grad_" + segment.Name]))
            |> ignore

        step lars (Golden.number case.["lr"])

        for p in parameters do
            let error = Golden.relativeError (tensor (expected[p.Name])) (p.Value.detach ())
            Expect.isLessThan error 1e-10 p.Name

[<Tests>]
let tests =
    testList "Model.Optim" [
        for i, case in List.indexed (Golden.cases "lars.json") do
            testCase $"LARS as published, vectors, case {i}"
            <| fun () -> larsCase (fun l lr -> l.Step lr) case

            testCase $"LARS as published, tensors, case {i}"
            <| fun () -> larsCase (fun l lr -> l.StepOnTensors lr) case

        for nesterov in [ false; true ] do
            testCase $"LARS in float32, large and small weights: tensors as vectors, Nesterov {nesterov}"
            <| fun () ->
                use _ = torch.NewDisposeScope()
                use generator = new torch.Generator(5uL, torch.CPU)

                let random (shape: int64[]) (scale: float) =
                    Scalars.multiply scale (torch.randn (shape, dtype = torch.float32, generator = generator))

                // The last weight's norms are of a size whose product is zero in float32.
                let shapes = [
                    [| 300L; 500L; 3L |], 1.0
                    [| 7L |], 1.0
                    [| 3L; 3L |], 1e3
                    [| 1L; 1L |], 0.0
                    [| 64L |], 1e-3
                    [| 5L; 17L |], 1e-18
                ]

                let values = [ for shape, scale in shapes -> random shape scale ]

                let make () =
                    new FlatParameters(
                        [|
                            for i, value in List.indexed values -> NamedTensor($"{i}", value.clone().requires_grad_ true)
                        |]
                    )

                use one = make ()
                use other = make ()

                let options = {
                    LarsOptions.Default with
                        Nesterov = nesterov
                        WeightDecay = 1e-2
                        Epsilon = 0.0
                }

                use vectors = new Lars(one, options)
                use tensors = new Lars(other, options)

                for lr in [ 3.0; 0.5; 1.0 ] do
                    for i, (shape, scale) in List.indexed shapes do
                        let gradient = random shape (0.1 * scale)

                        for flat in [ one; other ] do
                            flat.View(flat.Gradients, flat.Segments[i]).copy_ gradient |> ignore

                    vectors.Step lr
                    tensors.StepOnTensors lr

                for segment in one.Segments do
                    let change (flat: FlatParameters) =
                        flat.View(flat.Values, segment).sub(values[int segment.Name]).``to`` torch.float64

                    let error = Golden.relativeError (change one) (change other)
                    Expect.isLessThan error 1e-4 $"change of parameter {segment.Name}"

        testCase "schedule as published"
        <| fun () ->
            for case in Golden.cases "schedules.json" do
                let number (key: string) = Golden.number case.[key]

                let schedule =
                    WarmupCosine.create
                        (number "start_lr")
                        (number "lr")
                        (number "final_lr")
                        (case["warmup_steps"].GetValue<int>())
                        (case["total_steps"].GetValue<int>())

                Golden.vector case.["expected"]
                |> Array.iteri (fun i e -> Expect.floatClose { absolute = 1e-10; relative = 1e-10 } (schedule.At i) e $"step {i}")

        testCase "without trust scaling it is SGD with decay on weights"
        <| fun () ->
            use _ = torch.NewDisposeScope()

            let one name (shape: int64[]) =
                NamedTensor(name, torch.ones(shape, dtype = torch.float32).requires_grad_ true)

            use flat = new FlatParameters([| one "w" [| 2L; 2L |]; one "b" [| 2L |] |])

            use sgd =
                new Lars(
                    flat,
                    {
                        LarsOptions.Default with
                            UseLars = false
                            WeightDecay = 0.5
                            Momentum = 0.0
                    }
                )

            flat.Gradients.fill_ ((1.0).ToScalar()) |> ignore
            sgd.Step 0.1

            let value i =
                Scalars.value (flat.View(flat.Values, flat.Segments[i]).mean())

            Expect.floatClose Accuracy.medium (value 0) (1.0 - 0.1 * 1.5) "weight"
            Expect.floatClose Accuracy.medium (value 1) 0.9 "bias"

        for name, step in
            [
                "vectors", (fun (o: AdamW) lr -> o.Step lr)
                "tensors", (fun o lr -> o.StepOnTensors lr)
            ] do
            testCase $"AdamW against the formula, {name}"
            <| fun () ->
                use _ = torch.NewDisposeScope()

                let options = {
                    AdamWOptions.Default with
                        WeightDecay = 0.1
                }

                let start = [| for i in 0..5 -> float i / 3.0 - 0.7 |]

                let parameters = [|
                    NamedTensor("w", torch.tensor(start, dtype = torch.float64).reshape(2L, 3L).requires_grad_ true)
                    NamedTensor("b", torch.tensor(start, dtype = torch.float64).requires_grad_ true)
                |]

                use flat = new FlatParameters(parameters)
                use adam = new AdamW(flat, options)

                for index, decay in [ 0, 0.1; 1, 0.0 ] do
                    let segment = flat.Segments[index]
                    let mutable m, s, w = 0.0, 0.0, start[4]
                    flat.Values.zero_ () |> ignore

                    flat.View(flat.Values, segment).flatten().copy_(torch.tensor (start, dtype = torch.float64))
                    |> ignore

                    let struct (mean, square) = adam.State
                    mean.zero_ () |> ignore
                    square.zero_ () |> ignore
                    adam.Steps <- 0

                    for t in 1..4 do
                        let g, lr = float t - 2.2, 0.1 / float t
                        flat.View(flat.Gradients, segment).fill_(g.ToScalar()) |> ignore
                        step adam lr
                        m <- 0.9 * m + 0.1 * g
                        s <- 0.999 * s + 0.001 * g * g
                        let unbiased = m / (1.0 - 0.9 ** float t)
                        let spread = sqrt (s / (1.0 - 0.999 ** float t)) + 1e-8
                        w <- w - lr * decay * w - lr * unbiased / spread
                        let actual = Scalars.value (flat.View(flat.Values, segment).flatten().[4])
                        Expect.floatClose Accuracy.veryHigh actual w $"{segment.Name} at step {t}"

        testCase "options out of range are refused"
        <| fun () ->
            use weight = torch.ones(2L, 2L).requires_grad_ true
            use flat = new FlatParameters([| NamedTensor("w", weight) |])

            for options in
                [
                    {
                        LarsOptions.Default with
                            Momentum = 1.0
                    }
                    {
                        LarsOptions.Default with
                            WeightDecay = -1.0
                    }
                    {
                        LarsOptions.Default with
                            TrustCoefficient = 0.0
                    }
                ] do
                Expect.throwsT<ArgumentException> (fun () -> new Lars(flat, options) |> ignore) $"{options}"

            Expect.throwsT<ArgumentException> (fun () -> WarmupCosine.create 0.1 0.2 0.3 11 10 |> ignore) "warm-up"
            Expect.throwsT<ArgumentException> (fun () -> WarmupCosine.create nan 0.2 0.3 1 10 |> ignore) "start"
    ]
