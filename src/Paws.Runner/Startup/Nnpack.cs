using System.Runtime.InteropServices;

namespace Paws.Runner.Startup;

/// <summary>
/// Keeps libtorch from trying NNPACK. On a processor that NNPACK does not know, libtorch finds that out anew before each float64
/// convolution, with a warning on standard error each time.
/// </summary>
internal static partial class Nnpack
{
    /// <summary>Call after libtorch has been loaded. Does nothing where the library does not export the switch under these names.</summary>
    public static void TurnOff()
    {
        try
        {
            SetUserEnabled(GlobalContext(), 0);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // Windows and libraries built otherwise: the warnings are only ugly.
        }
    }

    // at::globalContext() and at::Context::setUserEnabledNNPACK(bool), as the Itanium C++ ABI spells them.
    [LibraryImport("torch_cpu", EntryPoint = "_ZN2at13globalContextEv")]
    private static partial nint GlobalContext();

    [LibraryImport("torch_cpu", EntryPoint = "_ZN2at7Context20setUserEnabledNNPACKEb")]
    private static partial void SetUserEnabled(nint context, byte enabled);
}
