using System.Reflection;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace Paws.Kernels;

/// <summary>
/// libtorch's own threads: its OpenMP runtime, asked to run a function of ours. Threads of our own would take the cores from them, for
/// OpenMP's wait in a loop for their next work.
/// </summary>
internal static unsafe class Workers
{
    private static readonly Lazy<nint> Parallel = new(() => Export("GOMP_parallel"));
    private static readonly Lazy<nint> Number = new(() => Export("omp_get_thread_num"));

    /// <summary>Whether libtorch's threads can be had: a GNU OpenMP that libtorch itself loaded.</summary>
    public static bool Exist => Parallel.Value != 0 && Number.Value != 0;

    /// <summary>Runs work(0) to work(count − 1), each on a thread of its own.</summary>
    /// <param name="count">At most libtorch's number of threads, so that they are the threads it has already.</param>
    /// <param name="work">Must not throw where it can be helped: the others work on.</param>
    /// <exception cref="Exception">The first that work threw, after all have ended.</exception>
    public static void Run(int count, Action<int> work)
    {
        if (count == 1)
        {
            work(0);
            return;
        }
        var region = new Region(work);
        var handle = GCHandle.Alloc(region);
        try
        {
            ((delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void>)Parallel.Value)(
                &OnThread,
                GCHandle.ToIntPtr(handle),
                (uint)count,
                0
            );
        }
        finally
        {
            handle.Free();
        }
        region.Failure?.Throw();
        if (region.Started != count)
        {
            throw new InvalidOperationException($"OpenMP gave {region.Started} threads instead of {count}");
        }
    }

    /// <summary>The part of count things that thread takes of so many: [from, to).</summary>
    public static (int From, int To) Share(int count, int thread, int threads) =>
        ((int)((long)count * thread / threads), (int)((long)count * (thread + 1) / threads));

    [UnmanagedCallersOnly]
    private static void OnThread(nint data)
    {
        var region = (Region)GCHandle.FromIntPtr(data).Target!;
        try
        {
            Interlocked.Increment(ref region.Started);
            region.Work(((delegate* unmanaged<int>)Number.Value)());
        }
        catch (Exception e)
        {
            // It must not reach native code.
            region.Failure = ExceptionDispatchInfo.Capture(e);
        }
    }

    private static nint Export(string name) =>
        OperatingSystem.IsLinux() && TryFindLibTorch(out var library) && NativeLibrary.TryGetExport(library, name, out var address)
            ? address
            : 0;

    /// <summary>libtorch beside the program or loaded from elsewhere; its dependencies' symbols are found through it.</summary>
    private static bool TryFindLibTorch(out nint library) =>
        NativeLibrary.TryLoad("torch_cpu", typeof(torch).Assembly, DllImportSearchPath.AssemblyDirectory, out library)
        || NativeLibrary.TryLoad("libtorch_cpu.so", out library);

    private sealed class Region(Action<int> work)
    {
        public readonly Action<int> Work = work;
        public int Started;
        public ExceptionDispatchInfo? Failure;
    }
}
