namespace Paws.Model

open System
open System.Collections.Generic
open TorchSharp

/// One parameter's place in the flat buffers. Offset and Count in elements.
/// Adapts: takes weight decay and trust scaling (two or more dimensions); biases and batch-norm parameters do not.
type Segment = {
    Name: string
    Shape: int64[]
    Offset: int64
    Count: int64
    Adapts: bool
}

/// All parameters in one buffer and all gradients in another, so that clearing, all-reduce and an optimiser step are one
/// pass each. Every parameter becomes a leaf that views the first buffer and whose gradient views the second, so
/// backward adds in place. Segments begin at multiples of 16 elements; the padding between them is always zero.
/// Values, shapes and names are those given; the given tensors are disposed and replaced.
/// Errors: ArgumentException for an empty list, or types or devices that differ.
[<Sealed>]
type FlatParameters(parameters: IReadOnlyList<NamedTensor>) =
    static let padded count = (count + 15L) / 16L * 16L

    let first =
        if parameters.Count = 0 then
            invalidArg (nameof parameters) "there are no parameters to flatten"

        parameters[0].Value

    let dtype = first.dtype
    let device = first.device

    let segments =
        let mutable offset = 0L

        [|
            for p in parameters do
                if p.Value.dtype <> dtype || p.Value.device.ToString() <> device.ToString() then
                    invalidArg
                        (nameof parameters)
                        $"parameter {p.Name} is {p.Value.dtype} on {p.Value.device}, the first one {dtype} on {device}"

                let count = p.Value.numel ()

                {
                    Name = p.Name
                    Shape = p.Value.shape
                    Offset = offset
                    Count = count
                    Adapts = p.Value.Dimensions >= 2
                }

                offset <- offset + padded count
        |]

    let length =
        let last = segments[segments.Length - 1]
        last.Offset + padded last.Count

    let buffer () =
        torch.zeros([| length |], dtype = dtype, device = device).DetachFromDisposeScope()

    let view (flat: torch.Tensor) (segment: Segment) =
        flat.narrow(0L, segment.Offset, segment.Count).view(segment.Shape)

    let values = buffer ()
    let gradients = buffer ()

    do
        use _ = torch.NewDisposeScope()

        for p, segment in Seq.zip parameters segments do
            let old = p.Value
            let place = view values segment
            place.copy_ (old.detach ()) |> ignore
            let leaf = place.detach().requires_grad_(true).DetachFromDisposeScope()
            leaf.grad <- view gradients segment
            p.Value <- leaf
            old.Dispose()

    /// Places of the parameters, in the order given.
    member _.Segments = segments :> IReadOnlyList<Segment>

    /// Elements of a flat buffer, padding included.
    member _.Length = length

    /// Elements without padding.
    member _.ParameterCount = segments |> Array.sumBy _.Count

    /// All parameter values, [Length]. Outside autograd: write to it freely between steps.
    member _.Values = values

    /// All gradients, [Length].
    member _.Gradients = gradients

    /// Sets all gradients to zero, padding included.
    member _.ZeroGrad() = gradients.zero_ () |> ignore

    /// A fresh buffer of zeros laid out like Values, for an optimiser's state. The caller owns it.
    member _.NewState() = buffer ()

    /// One parameter's part of a flat buffer, in the parameter's shape. A view; the caller disposes it.
    member _.View(flat: torch.Tensor, segment: Segment) = view flat segment

    interface IDisposable with
        /// Frees both buffers' wrappers; the parameters keep the memory alive as long as they are used.
        member _.Dispose() =
            values.Dispose()
            gradients.Dispose()
