using System.Runtime.InteropServices;

namespace Paws.Runner.Parallel.Nccl;

/// <summary>The name under which the ranks of a communicator find each other: 128 bytes that NCCL makes.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct NcclId
{
    /// <summary>Length in bytes.</summary>
    public const int Length = 128;

    /// <summary>The bytes.</summary>
    public fixed byte Bytes[Length];
}

/// <summary>NCCL's element types, as its header numbers them.</summary>
public enum NcclType
{
    /// <summary>uint8.</summary>
    Byte = 1,

    /// <summary>int64.</summary>
    Int64 = 4,

    /// <summary>float32.</summary>
    Float = 7,

    /// <summary>float64.</summary>
    Double = 8,
}

/// <summary>
/// The calls into libnccl that <see cref="NcclCollectives"/> makes, as a table: a test fills it with functions of its own. Each
/// returns NCCL's result code, 0 for success. Streams are CUDA's; 0 is the default one, on which libtorch computes.
/// </summary>
public sealed record NcclApi
{
    /// <summary>ncclGetVersion: 22005 for 2.20.5.</summary>
    public required GetVersionCall GetVersion { get; init; }

    /// <summary>ncclGetUniqueId.</summary>
    public required GetUniqueIdCall GetUniqueId { get; init; }

    /// <summary>ncclCommInitRank: (communicator out, size, id, rank).</summary>
    public required CommInitRankCall CommInitRank { get; init; }

    /// <summary>ncclAllReduce: (from, to, count, type, operation, communicator, stream).</summary>
    public required AllReduceCall AllReduce { get; init; }

    /// <summary>ncclAllGather: (from, to, count of each, type, communicator, stream).</summary>
    public required AllGatherCall AllGather { get; init; }

    /// <summary>ncclBroadcast: (from, to, count, type, root, communicator, stream).</summary>
    public required BroadcastCall Broadcast { get; init; }

    /// <summary>ncclCommDestroy.</summary>
    public required CommCall CommDestroy { get; init; }

    /// <summary>ncclCommAbort.</summary>
    public required CommCall CommAbort { get; init; }

    /// <summary>ncclGetErrorString: the address of a text.</summary>
    public required GetErrorStringCall GetErrorString { get; init; }

#pragma warning disable CS1591 // named after the functions above
    public delegate int GetVersionCall(out int version);
    public delegate int GetUniqueIdCall(out NcclId id);
    public delegate int CommInitRankCall(out nint communicator, int size, NcclId id, int rank);
    public delegate int AllReduceCall(nint from, nint to, nuint count, NcclType type, int operation, nint communicator, nint stream);
    public delegate int AllGatherCall(nint from, nint to, nuint count, NcclType type, nint communicator, nint stream);
    public delegate int BroadcastCall(nint from, nint to, nuint count, NcclType type, int root, nint communicator, nint stream);
    public delegate int CommCall(nint communicator);
    public delegate nint GetErrorStringCall(int result);
#pragma warning restore CS1591

    private static readonly string[] Names = ["libnccl.so.2", "libnccl.so"];

    /// <summary>The installed library's calls; null with the reason where there is none.</summary>
    public static NcclApi? TryLoad(out string why)
    {
        foreach (var name in Names)
        {
            if (!NativeLibrary.TryLoad(name, out var library))
            {
                continue;
            }
            try
            {
                why = "";
                T Call<T>(string function)
                    where T : Delegate => Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(library, function));
                return new NcclApi
                {
                    GetVersion = Call<GetVersionCall>("ncclGetVersion"),
                    GetUniqueId = Call<GetUniqueIdCall>("ncclGetUniqueId"),
                    CommInitRank = Call<CommInitRankCall>("ncclCommInitRank"),
                    AllReduce = Call<AllReduceCall>("ncclAllReduce"),
                    AllGather = Call<AllGatherCall>("ncclAllGather"),
                    Broadcast = Call<BroadcastCall>("ncclBroadcast"),
                    CommDestroy = Call<CommCall>("ncclCommDestroy"),
                    CommAbort = Call<CommCall>("ncclCommAbort"),
                    GetErrorString = Call<GetErrorStringCall>("ncclGetErrorString"),
                };
            }
            catch (EntryPointNotFoundException e)
            {
                why = $"{name} lacks a function: {e.Message}";
                return null;
            }
        }
        why = $"{Names[0]} is not installed";
        return null;
    }

    /// <summary>The version in words: <c>NCCL 2.20.5</c>.</summary>
    public string VersionInWords() =>
        GetVersion(out var version) != 0 ? "NCCL"
        : version < 10000 ? $"NCCL {version / 1000}.{version / 100 % 10}.{version % 100}"
        : $"NCCL {version / 10000}.{version / 100 % 100}.{version % 100}";
}
