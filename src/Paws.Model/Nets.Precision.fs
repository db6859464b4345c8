namespace Paws.Model

open System
open System.Collections.Generic
open TorchSharp

/// A tensor of a network under the name it has in a published checkpoint. The tensor may be replaced (by a view of
/// a flat buffer, by a copy on another device) and every layer that uses it follows.
[<Sealed>]
type NamedTensor(name: string, value: torch.Tensor) =
    /// Key in the state dictionary, for example layer1.0.bn1.weight.
    member _.Name = name
    /// The tensor now in use.
    member val Value = value with get, set

/// What one forward call of an encoder shares between its layers and resolutions: whether batch statistics are taken
/// from the batch, and in which type convolutions compute. A master weight is cast at most once a call, however many
/// resolutions pass through; the cast is recorded by autograd, so gradients arrive on the master in its own type.
/// Disposing the pass frees its casts (autograd keeps what backward needs).
/// sumOverWorkers: replaces a tensor by its sum over all workers, for batch statistics that are those of all; null alone.
[<Sealed>]
type ForwardPass(training: bool, compute: torch.ScalarType, master: torch.ScalarType, sumOverWorkers: Action<torch.Tensor> | null) =
    let casts = Dictionary<NamedTensor, torch.Tensor>(HashIdentity.Reference)

    /// Batch statistics (and running-statistics updates) or the running statistics alone.
    member _.Training = training

    /// Whether batch statistics are to be those of the batches of all workers.
    member _.Synchronised = training && not (isNull sumOverWorkers)

    /// Replaces a tensor by its sum over all workers; every worker must come here in the same order. Only if Synchronised.
    member _.SumOverWorkers = nonNull sumOverWorkers

    /// Type of convolutions and of the activations between them.
    member _.Compute = compute

    /// Type of parameters, pooled features and heads.
    member _.Master = master

    /// A weight in the compute type.
    member _.Weight(parameter: NamedTensor) =
        if parameter.Value.dtype = compute then
            parameter.Value
        else
            match casts.TryGetValue parameter with
            | true, cast -> cast
            | _ ->
                let cast = parameter.Value.``to``(compute).DetachFromDisposeScope()
                casts[parameter] <- cast
                cast

    interface IDisposable with
        member _.Dispose() =
            for cast in casts.Values do
                cast.Dispose()
