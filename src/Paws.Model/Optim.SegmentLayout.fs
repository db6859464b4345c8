namespace Paws.Model

open System
open TorchSharp

/// Which segment each element of a flat buffer lies in, for optimiser passes in tensor operations: a launch a segment would
/// take a GPU longer than the work. Made at the first use, since passes on the CPU have no use for it.
[<Sealed>]
type internal SegmentLayout(parameters: FlatParameters) =

    // _foreach_norm is one of the operators that TorchSharp does not have; a few launches for all tensors on a GPU.
    static let source =
        "def norms(tensors: List[Tensor]) -> Tensor:\n    return torch.stack(torch._foreach_norm(tensors))\n"

    static let script = lazy torch.jit.compile source

    let adapting = parameters.Segments |> Seq.filter _.Adapts |> Seq.toArray

    let makeRow () =
        let rows = Array.zeroCreate<int>(int parameters.Length)

        adapting
        |> Array.iteri (fun i segment -> Array.fill rows (int segment.Offset) (int segment.Count) (i + 1))

        use _ = torch.NewDisposeScope()

        torch.tensor(rows, dtype = torch.int32).``to``(parameters.Values.device).DetachFromDisposeScope()

    let row = lazy makeRow ()

    /// The segments that take weight decay and trust scaling, in order.
    member _.Adapting = adapting :> System.Collections.Generic.IReadOnlyList<Segment>

    /// For each element 1 + the position of its segment in Adapting, or 0 where the segment does not adapt; int32, [Length].
    member _.Row = row.Value

    /// The norm of each adapting segment of a flat buffer, [Adapting.Count]. At least one segment must adapt.
    member _.Norms(flat: torch.Tensor) : torch.Tensor =
        let views = adapting |> Array.map (fun s -> flat.narrow (0L, s.Offset, s.Count))
        script.Value.invoke<torch.Tensor>("norms", views)

    interface IDisposable with
        member _.Dispose() =
            if row.IsValueCreated then
                row.Value.Dispose()
