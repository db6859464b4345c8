using System.Runtime.InteropServices;

namespace Paws.Runner.Startup;

/// <summary>
/// Switches of libtorch that TorchSharp has no name for. Set them after libtorch has been loaded; where the library does not export
/// them under these names (Windows, libraries built otherwise) nothing happens, and libtorch keeps its own choice.
/// </summary>
internal static partial class LibTorchSwitches
{
    /// <summary>
    /// Keeps libtorch from trying NNPACK. On a processor that NNPACK does not know, libtorch finds that out anew before each float64
    /// convolution, with a warning on standard error each time.
    /// </summary>
    public static void TurnNnpackOff() => Set(SetUserEnabledNnpack, 0);

    /// <summary>Lets cuDNN try its algorithms for each shape of convolution, once, and keep the fastest.</summary>
    public static void LetCudnnTryAlgorithms() => Set(SetBenchmarkCudnn, 1);

    private static void Set(Action<nint, byte> set, byte value)
    {
        try
        {
            set(GlobalContext(), value);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // Warnings are only ugly, and cuDNN has rules of thumb.
        }
    }

    // at::globalContext() and methods of at::Context, as the Itanium C++ ABI spells them.
    [LibraryImport("torch_cpu", EntryPoint = "_ZN2at13globalContextEv")]
    private static partial nint GlobalContext();

    [LibraryImport("torch_cpu", EntryPoint = "_ZN2at7Context20setUserEnabledNNPACKEb")]
    private static partial void SetUserEnabledNnpack(nint context, byte enabled);

    [LibraryImport("torch_cpu", EntryPoint = "_ZN2at7Context17setBenchmarkCuDNNEb")]
    private static partial void SetBenchmarkCudnn(nint context, byte enabled);
}
