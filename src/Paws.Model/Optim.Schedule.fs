namespace Paws.Model

open System

/// Learning rate by iteration: linear from Start to Peak over WarmupSteps, then half a cosine from Peak down to Final at
/// TotalSteps. The first value is Start, the value at WarmupSteps is Peak; step TotalSteps − 1, the last one taken, is
/// one short of Final. From TotalSteps on it stays at Final. Make one with WarmupCosine.create.
[<Sealed>]
type WarmupCosine internal (start: float, peak: float, final: float, warmupSteps: int, totalSteps: int) =
    /// Learning rate at iteration step, counted from 0.
    member _.At(step: int) =
        if step < 0 then
            invalidArg (nameof step) $"step must be at least 0, got {step}"
        elif step < warmupSteps then
            start + (peak - start) * float step / float warmupSteps
        elif step >= totalSteps then
            final
        else
            let progress = float (step - warmupSteps) / float (totalSteps - warmupSteps)
            final + (peak - final) * 0.5 * (1.0 + cos (Math.PI * progress))

    /// Iterations of the whole schedule.
    member _.TotalSteps = totalSteps

    /// Iterations of the warm-up.
    member _.WarmupSteps = warmupSteps

/// Making learning-rate schedules.
[<RequireQualifiedAccess>]
module WarmupCosine =

    /// start, peak, final: learning rates, at least 0. warmupSteps in [0, totalSteps]; totalSteps at least 1.
    let create (start: float) (peak: float) (final: float) (warmupSteps: int) (totalSteps: int) =
        for name, value in [ nameof start, start; nameof peak, peak; nameof final, final ] do
            if not (value >= 0.0 && Double.IsFinite value) then
                invalidArg name $"{name} must be in [0, ∞), got {value}"

        if totalSteps < 1 then
            invalidArg (nameof totalSteps) $"totalSteps must be at least 1, got {totalSteps}"

        if warmupSteps < 0 || warmupSteps > totalSteps then
            invalidArg (nameof warmupSteps) $"warmupSteps must be in [0, {totalSteps}], got {warmupSteps}"

        WarmupCosine(start, peak, final, warmupSteps, totalSteps)
