using TorchSharp;

namespace Paws.Runner.Parallel;

/// <summary>
/// What the ranks of a run do together: a handful of operations that every rank calls in the same order, with tensors of the same
/// type. Tensors are contiguous, of float32, float64, int64 or uint8, on the CPU or (NCCL) on the rank's GPU.
/// Each call returns when the rank's tensor may be used: at once for tensors on a GPU, whose stream keeps the order.
/// </summary>
public interface ICollectives : IDisposable
{
    /// <summary>This process among its peers, from 0.</summary>
    int Rank { get; }

    /// <summary>How many they are.</summary>
    int Size { get; }

    /// <summary>For people: <c>Open MPI</c>.</summary>
    string Name { get; }

    /// <summary>Replaces the tensor by its sum over all ranks. All ranks end with the same bits.</summary>
    void Sum(torch.Tensor tensor);

    /// <summary>Writes the tensors of all ranks, which have one size, one after the other into <paramref name="all"/>.</summary>
    void Gather(torch.Tensor own, torch.Tensor all);

    /// <summary>Replaces the tensor by that of a rank.</summary>
    void Broadcast(torch.Tensor tensor, int root);

    /// <summary>Returns when all ranks have come here. Does not keep a core busy, however long that takes.</summary>
    void Barrier();

    /// <summary>Ends all ranks with an exit code, wherever they are. Does not return.</summary>
    void Abort(int code);
}
