using System.Runtime.InteropServices;

namespace Paws.Runner.Startup;

/// <summary>Lets cuDNN try its algorithms for each shape of convolution, once, and keep the fastest. TorchSharp has no name for it.</summary>
internal static partial class Cudnn
{
    /// <summary>Call after libtorch has been loaded. Does nothing where the library does not export the switch under these names.</summary>
    public static void TryAlgorithms()
    {
        try
        {
            SetBenchmark(GlobalContext(), 1);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // Windows and libraries built otherwise: cuDNN chooses by its own rules of thumb.
        }
    }

    // at::globalContext() and at::Context::setBenchmarkCuDNN(bool), as the Itanium C++ ABI spells them.
    [LibraryImport("torch_cpu", EntryPoint = "_ZN2at13globalContextEv")]
    private static partial nint GlobalContext();

    [LibraryImport("torch_cpu", EntryPoint = "_ZN2at7Context17setBenchmarkCuDNNEb")]
    private static partial void SetBenchmark(nint context, byte enabled);
}
