module Paws.Tests.Model.OptimProps

open Expecto
open FsCheck
open TorchSharp
open Paws.Model

let private config = {
    FsCheckConfig.defaultConfig with
        maxTest = 60
}

let private law name property =
    testPropertyWithConfig config name property

/// The change of one weight after one LARS step without decay.
let private update (seed: int) (rows: int) (columns: int) (scale: float) =
    use _ = torch.NewDisposeScope()
    use generator = new torch.Generator(uint64 (uint32 seed), torch.CPU)

    let random () =
        torch.randn ([| int64 rows; int64 columns |], dtype = torch.float64, generator = generator)

    let weight, gradient = random (), random ()

    use flat =
        new FlatParameters([| NamedTensor("w", weight.clone().requires_grad_ true) |])

    use lars =
        new Lars(
            flat,
            {
                LarsOptions.Default with
                    WeightDecay = 0.0
                    Epsilon = 0.0
            }
        )

    flat.View(flat.Gradients, flat.Segments[0]).copy_(gradient * scale) |> ignore
    lars.Step 0.3
    let change = flat.View(flat.Values, flat.Segments[0]) - weight
    change.data<float>().ToArray(), weight.data<float>().ToArray(), gradient.data<float>().ToArray()

let private norm (x: float[]) = sqrt (Array.sumBy (fun v -> v * v) x)

let private side (n: int) = 1 + abs (n % 9)

let private schedule (a: int) (b: int) (c: int) (warmup: int) (rest: int) =
    let rate x = float (abs (x % 1000)) / 100.0
    let low, peak, final = rate a, 10.0 + rate b, rate c
    let warmup, rest = abs (warmup % 50), 1 + abs (rest % 200)
    WarmupCosine.create low peak final warmup (warmup + rest), low, peak, final

[<Tests>]
let tests =
    testList "Model.Optim.laws" [
        law "LARS: the length of a gradient does not matter"
        <| fun (seed: int) (r: int) (c: int) (s: int) ->
            let scale = 0.001 + float (abs (s % 1000))
            let one, _, _ = update seed (side r) (side c) 1.0
            let other, _, _ = update seed (side r) (side c) scale
            Array.forall2 (fun x y -> abs (x - y) <= 1e-12 * norm one) one other

        law "LARS: a step goes along the gradient, lr·trust·‖w‖ long"
        <| fun (seed: int) (r: int) (c: int) ->
            let change, weight, gradient = update seed (side r) (side c) 1.0
            let factor = -0.3 * 0.001 * norm weight / norm gradient
            Array.forall2 (fun x g -> abs (x - factor * g) <= 1e-12 * norm weight) change gradient

        law "schedule: up to the peak, then down, between its end points"
        <| fun a b c w r ->
            let s, low, peak, final = schedule a b c w r
            let rates = Array.init s.TotalSteps s.At
            let up, down = Array.splitAt s.WarmupSteps rates

            Array.pairwise up |> Array.forall (fun (x, y) -> x <= y)
            && Array.pairwise down |> Array.forall (fun (x, y) -> x >= y)
            && rates |> Array.forall (fun x -> x >= min low final - 1e-12 && x <= peak + 1e-12)

        law "schedule: start, peak and end"
        <| fun a b c w r ->
            let s, low, peak, final = schedule a b c w r
            let first = if s.WarmupSteps = 0 then peak else low

            abs (s.At 0 - first) < 1e-12
            && abs (s.At s.WarmupSteps - peak) < 1e-12
            && abs (s.At s.TotalSteps - final) < 1e-12
    ]
