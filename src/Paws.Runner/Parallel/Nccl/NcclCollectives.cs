using System.Runtime.InteropServices;
using TorchSharp;

namespace Paws.Runner.Parallel.Nccl;

/// <summary>
/// Collectives of CUDA tensors over NCCL, on the default stream, where libtorch's own work of the rank is queued too: no waiting on
/// either side. CPU tensors, barriers and the exchange of NCCL's identifier go over the collectives that it is given.
/// </summary>
public sealed class NcclCollectives : ICollectives
{
    private const int OperationSum = 0;
    private const nint DefaultStream = 0;

    private readonly NcclApi nccl;
    private readonly ICollectives others;
    private readonly nint communicator;
    private bool disposed;

    /// <summary>Joins the other ranks; each has a GPU of its own, which is the one that CUDA uses by default in its process.</summary>
    /// <param name="nccl">The library.</param>
    /// <param name="others">For everything on the CPU; disposed with this.</param>
    /// <exception cref="CollectiveException">NCCL does not start.</exception>
    public NcclCollectives(NcclApi nccl, ICollectives others)
    {
        (this.nccl, this.others) = (nccl, others);
        var id = ShareId();
        Must(nccl.CommInitRank(out communicator, others.Size, id, others.Rank), "ncclCommInitRank");
    }

    /// <inheritdoc />
    public int Rank => others.Rank;

    /// <inheritdoc />
    public int Size => others.Size;

    /// <inheritdoc />
    public string Name => $"{nccl.VersionInWords()} and {others.Name}";

    /// <inheritdoc />
    public void Sum(torch.Tensor tensor)
    {
        if (OnCpu(tensor))
        {
            others.Sum(tensor);
            return;
        }
        TensorData.Check(tensor);
        var address = TensorData.Address(tensor);
        Must(
            nccl.AllReduce(address, address, (nuint)tensor.numel(), TypeOf(tensor.dtype), OperationSum, communicator, DefaultStream),
            "ncclAllReduce"
        );
    }

    /// <inheritdoc />
    public void Gather(torch.Tensor own, torch.Tensor all)
    {
        if (OnCpu(own))
        {
            others.Gather(own, all);
            return;
        }
        TensorData.Check(own, all, Size);
        Must(
            nccl.AllGather(
                TensorData.Address(own),
                TensorData.Address(all),
                (nuint)own.numel(),
                TypeOf(own.dtype),
                communicator,
                DefaultStream
            ),
            "ncclAllGather"
        );
    }

    /// <inheritdoc />
    public void Broadcast(torch.Tensor tensor, int root)
    {
        if (OnCpu(tensor))
        {
            others.Broadcast(tensor, root);
            return;
        }
        TensorData.Check(tensor);
        var address = TensorData.Address(tensor);
        Must(
            nccl.Broadcast(address, address, (nuint)tensor.numel(), TypeOf(tensor.dtype), root, communicator, DefaultStream),
            "ncclBroadcast"
        );
    }

    /// <inheritdoc />
    public void Barrier() => others.Barrier();

    /// <inheritdoc />
    public void Abort(int code)
    {
        _ = nccl.CommAbort(communicator);
        others.Abort(code);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (!disposed)
        {
            disposed = true;
            _ = nccl.CommDestroy(communicator);
            others.Dispose();
        }
    }

    /// <summary>Whether a tensor is the others' business. Internal: a test without a GPU passes CPU tensors off as CUDA's.</summary>
    internal Func<torch.Tensor, bool> OnCpu { get; init; } = static tensor => tensor.device_type == DeviceType.CPU;

    /// <summary>Rank 0 makes the identifier, all get it.</summary>
    private unsafe NcclId ShareId()
    {
        var id = new NcclId();
        if (Rank == 0)
        {
            Must(nccl.GetUniqueId(out id), "ncclGetUniqueId");
        }
        using var bytes = torch.zeros(NcclId.Length, dtype: torch.uint8);
        var shared = TensorData.Span(bytes);
        new Span<byte>(id.Bytes, NcclId.Length).CopyTo(shared);
        others.Broadcast(bytes, 0);
        shared.CopyTo(new Span<byte>(id.Bytes, NcclId.Length));
        return id;
    }

    private static NcclType TypeOf(torch.ScalarType type) =>
        type switch
        {
            torch.ScalarType.Float32 => NcclType.Float,
            torch.ScalarType.Float64 => NcclType.Double,
            torch.ScalarType.Int64 => NcclType.Int64,
            torch.ScalarType.Byte => NcclType.Byte,
            _ => throw TensorData.Unsupported(type),
        };

    private void Must(int result, string call)
    {
        if (result != 0)
        {
            throw new CollectiveException($"{call} failed: {Marshal.PtrToStringUTF8(nccl.GetErrorString(result)) ?? $"code {result}"}");
        }
    }
}
