namespace Paws.Model

open System
open System.Numerics
open TorchSharp

/// LARS over SGD with momentum.
/// Momentum μ in [0, 1); WeightDecay at least 0; TrustCoefficient positive; Epsilon at least 0.
/// UseLars false leaves the trust scaling out and keeps the rest.
type LarsOptions = {
    Momentum: float
    WeightDecay: float
    Nesterov: bool
    UseLars: bool
    TrustCoefficient: float
    Epsilon: float
} with

    /// The published settings: μ 0.9, weight decay 1e-6, trust 0.001, ε 1e-8, no Nesterov.
    static member Default = {
        Momentum = 0.9
        WeightDecay = 1e-6
        Nesterov = false
        UseLars = true
        TrustCoefficient = 0.001
        Epsilon = 1e-8
    }

/// For a weight w (two or more dimensions) with gradient g, both of non-zero norm,
///   g ← (g + wd·w) · trust·‖w‖ / (‖g‖ + wd·‖w‖ + ε);
/// a weight or gradient of norm zero, a bias and a batch-norm parameter keep g as it is, without decay. Then
///   v ← μ·v − lr·g;  w ← w + v  (Nesterov: w ← w + μ·v − lr·g).
/// The learning rate enters before the momentum buffer, as in the published code: it differs from the common form
/// whenever lr changes. On the CPU (float32, float64) two vector passes a segment; on other devices tensor operations
/// that never wait for the device.
[<Sealed>]
type Lars(parameters: FlatParameters, options: LarsOptions) =
    do
        let check name value ok range =
            if not ok then
                invalidArg name $"{name} must be in {range}, got {value}"

        check "momentum" options.Momentum (options.Momentum >= 0.0 && options.Momentum < 1.0) "[0, 1)"
        check "weight_decay" options.WeightDecay (options.WeightDecay >= 0.0) "[0, ∞)"
        check "trust_coefficient" options.TrustCoefficient (options.TrustCoefficient > 0.0) "(0, ∞)"
        check "epsilon" options.Epsilon (options.Epsilon >= 0.0) "[0, ∞)"

    let velocity = parameters.NewState()
    let layout = new SegmentLayout(parameters)

    /// Factor on the gradient and on the decay for one adapting segment, from its squared norms.
    let scaling weightSquares gradientSquares =
        if not options.UseLars then
            struct (1.0, options.WeightDecay)
        elif weightSquares = 0.0 || gradientSquares = 0.0 then
            struct (1.0, 0.0)
        else
            let w, g = sqrt weightSquares, sqrt gradientSquares

            let trust =
                options.TrustCoefficient * w / (g + options.WeightDecay * w + options.Epsilon)

            struct (trust, trust * options.WeightDecay)

    member private _.OnVectors<'T when 'T: unmanaged and 'T: struct and 'T :> ValueType and 'T: (new: unit -> 'T) and 'T :> INumber<'T>>
        (lr: float)
        =
        let valuesAt = VectorPass.address parameters.Values
        let gradientsAt = VectorPass.address parameters.Gradients
        let velocityAt = VectorPass.address velocity
        let broadcast (x: float) = Vector<'T>('T.CreateTruncating x)
        let mu = broadcast options.Momentum

        for segment in parameters.Segments do
            let w = VectorPass.vectors<'T> valuesAt segment
            let g = VectorPass.vectors<'T> gradientsAt segment
            let v = VectorPass.vectors<'T> velocityAt segment

            let struct (scale, decay) =
                if segment.Adapts then
                    if options.UseLars then
                        scaling (VectorPass.sumOfSquares w) (VectorPass.sumOfSquares g)
                    else
                        scaling 1.0 1.0
                else
                    struct (1.0, 0.0)

            let scale, decay = broadcast (lr * scale), broadcast (lr * decay)

            if options.Nesterov then
                for i in 0 .. w.Length - 1 do
                    let push = scale * g[i] + decay * w[i]
                    let next = mu * v[i] - push
                    v[i] <- next
                    w[i] <- w[i] + mu * next - push
            else
                for i in 0 .. w.Length - 1 do
                    let next = mu * v[i] - scale * g[i] - decay * w[i]
                    v[i] <- next
                    w[i] <- w[i] + next

    /// Momentum buffer v, [Length], laid out as FlatParameters.Values: part of a checkpoint.
    member _.Momentum = velocity

    /// What it was made with.
    member _.Options = options

    /// One update of all parameters from the gradients now in place, at learning rate lr (at least 0).
    member this.Step(lr: float) =
        if not (lr >= 0.0) then
            invalidArg (nameof lr) $"learning rate must be in [0, ∞), got {lr}"

        match parameters.Values.device_type, parameters.Values.dtype with
        | DeviceType.CPU, torch.ScalarType.Float32 -> this.OnVectors<float32> lr
        | DeviceType.CPU, torch.ScalarType.Float64 -> this.OnVectors<float> lr
        | _ -> this.StepOnTensors lr

    /// The same update in tensor operations alone; Step chooses it off the CPU. About 30 kernels, however many parameters: the
    /// norms of all weights in one call, a small table of factors from them, and passes over the flat buffers with each
    /// element's row of that table.
    member _.StepOnTensors(lr: float) =
        use _ = torch.no_grad ()
        use _ = torch.NewDisposeScope()
        let w, g, v = parameters.Values, parameters.Gradients, velocity

        // Row 0 is that of what does not adapt: the plain gradient, no decay.
        let table (plain: float) (adapting: torch.Tensor) =
            let first = Scalars.full [| 1L |] plain w.dtype w.device

            torch.cat ([| first; adapting |], 0L) |> Scalars.multiply lr

        let struct (scale, decay) =
            if layout.Adapting.Count = 0 || not options.UseLars then
                let rows = [| int64 layout.Adapting.Count |]

                struct (Scalars.full rows 1.0 w.dtype w.device, Scalars.full rows options.WeightDecay w.dtype w.device)
            else
                let wNorm, gNorm = layout.Norms w, layout.Norms g

                let trust =
                    (Scalars.multiply options.TrustCoefficient wNorm)
                        .div(
                            Scalars.add gNorm (Scalars.multiply options.WeightDecay wNorm)
                            |> Scalars.shift options.Epsilon
                        )

                let zero = torch.zeros_like wNorm
                // Not by their product, which underflows.
                let live = torch.logical_and (wNorm.ne zero, gNorm.ne zero)

                struct (torch.where (live, trust, torch.ones_like trust),
                        torch.where (live, Scalars.multiply options.WeightDecay trust, zero))

        let spread (rows: torch.Tensor) = rows.index_select (0L, layout.Row)

        let push =
            Scalars.addTo ((spread (table 1.0 scale)).mul_ g) ((spread (table 0.0 decay)).mul_ w)

        use momentum = options.Momentum.ToScalar()
        v.mul_(momentum).sub_ push |> ignore

        if options.Nesterov then
            w.add_(v, momentum).sub_ push |> ignore
        else
            Scalars.addTo w v |> ignore

    interface IDisposable with
        member _.Dispose() =
            velocity.Dispose()
            (layout :> IDisposable).Dispose()
