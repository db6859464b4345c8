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
    ]
