namespace Paws.Model

open System
open System.Numerics
open TorchSharp

/// Beta1, Beta2 in [0, 1); Epsilon positive; WeightDecay at least 0.
type AdamWOptions = {
    Beta1: float
    Beta2: float
    Epsilon: float
    WeightDecay: float
} with

    /// β 0.9 and 0.999, ε 1e-8, weight decay 0.05.
    static member Default = {
        Beta1 = 0.9
        Beta2 = 0.999
        Epsilon = 1e-8
        WeightDecay = 0.05
    }

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019). At step t, for every parameter w with gradient g:
///   m ← β₁m + (1−β₁)g;  s ← β₂s + (1−β₂)g²;
///   w ← (1 − lr·wd)·w − lr · (m / (1−β₁ᵗ)) / (√(s / (1−β₂ᵗ)) + ε),
/// with wd zero for biases and batch-norm parameters. On the CPU (float32, float64) one vector pass; on other devices
/// tensor operations that never wait for the device.
[<Sealed>]
type AdamW(parameters: FlatParameters, options: AdamWOptions) =
    do
        let check name value ok range =
            if not ok then
                invalidArg name $"{name} must be in {range}, got {value}"

        check "beta1" options.Beta1 (options.Beta1 >= 0.0 && options.Beta1 < 1.0) "[0, 1)"
        check "beta2" options.Beta2 (options.Beta2 >= 0.0 && options.Beta2 < 1.0) "[0, 1)"
        check "epsilon" options.Epsilon (options.Epsilon > 0.0) "(0, ∞)"
        check "weight_decay" options.WeightDecay (options.WeightDecay >= 0.0) "[0, ∞)"

    let mean = parameters.NewState()
    let square = parameters.NewState()
    let layout = new SegmentLayout(parameters)
    let mutable steps = 0

    member private _.OnVectors<'T when 'T: unmanaged and 'T: struct and 'T :> ValueType and 'T: (new: unit -> 'T) and 'T :> INumber<'T>>
        (lr: float, correction1: float, correction2: float)
        =
        let valuesAt = VectorPass.address parameters.Values
        let gradientsAt = VectorPass.address parameters.Gradients
        let meanAt = VectorPass.address mean
        let squareAt = VectorPass.address square
        let broadcast (x: float) = Vector<'T>('T.CreateTruncating x)
        let beta1, rest1 = broadcast options.Beta1, broadcast (1.0 - options.Beta1)
        let beta2, rest2 = broadcast options.Beta2, broadcast (1.0 - options.Beta2)
        let rate = broadcast (lr / correction1)
        let unbias = broadcast (1.0 / sqrt correction2)
        let epsilon = broadcast options.Epsilon

        for segment in parameters.Segments do
            let w = VectorPass.vectors<'T> valuesAt segment
            let g = VectorPass.vectors<'T> gradientsAt segment
            let m = VectorPass.vectors<'T> meanAt segment
            let s = VectorPass.vectors<'T> squareAt segment

            let keep =
                broadcast (
                    if segment.Adapts then
                        1.0 - lr * options.WeightDecay
                    else
                        1.0
                )

            for i in 0 .. w.Length - 1 do
                let nextMean = beta1 * m[i] + rest1 * g[i]
                let nextSquare = beta2 * s[i] + rest2 * (g[i] * g[i])
                m[i] <- nextMean
                s[i] <- nextSquare

                w[i] <-
                    keep * w[i]
                    - rate * nextMean / (Vector.SquareRoot nextSquare * unbias + epsilon)

    /// Running means of gradients and of squared gradients, [Length] each: part of a checkpoint.
    member _.State = struct (mean, square)

    /// Steps taken; set it when a checkpoint is read.
    member _.Steps
        with get () = steps
        and set value = steps <- value

    /// One update of all parameters from the gradients now in place, at learning rate lr (at least 0).
    member this.Step(lr: float) =
        if not (lr >= 0.0) then
            invalidArg (nameof lr) $"learning rate must be in [0, ∞), got {lr}"

        match parameters.Values.device_type, parameters.Values.dtype with
        | DeviceType.CPU, torch.ScalarType.Float32 -> this.OnVectors<float32>(this.Advance lr)
        | DeviceType.CPU, torch.ScalarType.Float64 -> this.OnVectors<float>(this.Advance lr)
        | _ -> this.StepOnTensors lr

    member private _.Advance(lr: float) =
        steps <- steps + 1
        let correction (beta: float) = 1.0 - Math.Pow(beta, float steps)
        lr, correction options.Beta1, correction options.Beta2

    /// The same update in tensor operations alone; Step chooses it off the CPU.
    member this.StepOnTensors(lr: float) =
        use _ = torch.no_grad ()
        use _ = torch.NewDisposeScope()
        let lr, correction1, correction2 = this.Advance lr
        let g = parameters.Gradients
        let w = parameters.Values
        // 1 for the elements of weights, 0 for the rest.
        let decays = layout.Row.sign().``to``(w.dtype)

        w.mul_ (Scalars.multiply (-lr * options.WeightDecay) decays |> Scalars.shift 1.0)
        |> ignore

        use beta1 = options.Beta1.ToScalar()
        use rest1 = (1.0 - options.Beta1).ToScalar()
        use beta2 = options.Beta2.ToScalar()
        use rest2 = (1.0 - options.Beta2).ToScalar()
        mean.mul_(beta1).add_(g, rest1) |> ignore
        square.mul_(beta2).addcmul_(g, g, rest2) |> ignore

        let spread =
            square.sqrt ()
            |> Scalars.divide (sqrt correction2)
            |> Scalars.shift options.Epsilon

        w.sub_ (mean.div spread |> Scalars.multiply (lr / correction1)) |> ignore

    interface IDisposable with
        member _.Dispose() =
            mean.Dispose()
            square.Dispose()
            (layout :> IDisposable).Dispose()
