namespace Paws.Model

open TorchSharp

type AdamWOptions = { Beta1: float; Beta2: float; Epsilon: float; WeightDecay: float }

[<Sealed>]
type AdamW(parameters: FlatParameters, options: AdamWOptions) =
    let first = parameters.NewState()
    let second = parameters.NewState()
    let decays =
        let mask = parameters.NewState()
        for s in parameters.Segments do
            if s.Adapts then mask.narrow(0L, s.Offset, s.Count).fill_ (1.0.ToScalar()) |> ignore
        mask

    member _.FirstMoment = first
    member _.SecondMoment = second

    member _.Step(lr: float, step: int) =
        use _ = torch.no_grad ()
        use _ = torch.NewDisposeScope()
        let g, w = parameters.Gradients, parameters.Values
        first.mul_(options.Beta1.ToScalar()).add_(g, (1.0 - options.Beta1).ToScalar()) |> ignore
        second.mul_(options.Beta2.ToScalar()).addcmul_(g, g, (1.0 - options.Beta2).ToScalar()) |> ignore
        let c1, c2 = 1.0 - options.Beta1 ** float step, 1.0 - options.Beta2 ** float step
        let denominator = second.div(c2.ToScalar()).sqrt().add (options.Epsilon.ToScalar())
        w.sub_ (w * decays * (lr * options.WeightDecay)) |> ignore
        w.addcdiv_ (first, denominator, (-lr / c1).ToScalar()) |> ignore

    interface System.IDisposable with
        member _.Dispose() =
            first.Dispose()
            second.Dispose()
