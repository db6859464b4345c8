using System.Runtime.InteropServices;
using Paws.Runner.Parallel;
using Paws.Runner.Parallel.Mpi;
using Paws.Runner.Parallel.Nccl;
using Paws.Runner.Startup;
using SkiaSharp;
using TorchSharp;

namespace Paws.Runner.Doctor;

/// <summary>Whether the native libraries load and compute.</summary>
internal static class LibraryChecks
{
    /// <summary>Every check, in the order of display.</summary>
    public static IEnumerable<Finding> All()
    {
        var torchFinding = Torch();
        yield return torchFinding;
        yield return torchFinding.State == FindingState.Fine
            ? Cuda()
            : new Finding("CUDA", FindingState.Optional, "cannot be told before libtorch loads", "mend libtorch first");
        yield return OpenMpi();
        yield return Nccl();
        yield return Skia();
    }

    private static Finding OpenMpi()
    {
        const string remedy = "for several ranks, install Open MPI (Debian and Ubuntu: apt-get install openmpi-bin)";
        if (MpiLibrary.TryLoad(out string why) is not { } mpi)
        {
            return new Finding("Open MPI", FindingState.Optional, $"{why}: training runs in one process", remedy);
        }
        return LocalRanks.Find("mpirun") is { } mpirun
            ? new Finding("Open MPI", FindingState.Fine, $"{mpi.Version()}, {mpirun}: --nproc N")
            : new Finding("Open MPI", FindingState.Optional, $"{mpi.Version()}, but no mpirun on the PATH", remedy);
    }

    private static Finding Nccl() =>
        NcclApi.TryLoad(out string why) is { } nccl
            ? new Finding("NCCL", FindingState.Fine, nccl.VersionInWords())
            : new Finding(
                "NCCL",
                FindingState.Optional,
                why,
                "needed by several GPUs only: install libnccl2, or put the folder of PyTorch's libnccl.so.2 on LD_LIBRARY_PATH"
            );

    private static Finding Torch()
    {
        try
        {
            LibTorch.Prepare();
            using var sum = torch.ones(2, 2).sum();
            // The version is what TorchSharp was built for, which an external libtorch may not be.
            string which = LibTorch.ExternalFolder is { } folder
                ? $"external, from {folder} (TorchSharp is made for {torch.__version__}"
                : $"{torch.__version__} (packaged";
            string memory = Allocator.Tuned ? ", keeps freed memory" : "";
            return new Finding("libtorch", sum.item<float>() == 4 ? FindingState.Fine : FindingState.Missing, $"{which}{memory})");
        }
        catch (UserErrorException e)
        {
            return new Finding(
                "libtorch",
                FindingState.Missing,
                e.Message,
                "name the torch/lib folder of a PyTorch installation, or unset PAWS_LIBTORCH"
            );
        }
        catch (Exception e)
            when (e is TypeInitializationException or DllNotFoundException or NotSupportedException or BadImageFormatException)
        {
            return new Finding("libtorch", FindingState.Missing, WhyTorchDoesNotLoad(e), TorchRemedy());
        }
    }

    private static string WhyTorchDoesNotLoad(Exception e)
    {
        // TorchSharp blames a missing package whatever happened; loading its library by hand tells the real reason.
        string library = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "LibTorchSharp.dll" : "libLibTorchSharp.so");
        try
        {
            NativeLibrary.Load(library);
            return LibTorch.FirstLine(e);
        }
        catch (Exception load) when (load is DllNotFoundException or BadImageFormatException)
        {
            return LibTorch.FirstLine(load);
        }
    }

    private static string TorchRemedy() =>
        Directory.Exists(Path.Combine(AppContext.BaseDirectory, "cpu"))
            ? $"a failed start left {Path.Combine(AppContext.BaseDirectory, "cpu")}: delete it and build again"
            : "build again with \"dotnet build -c Release\"; with -p:Torch=external set PAWS_LIBTORCH=/path/to/torch/lib";

    private static Finding Cuda()
    {
        try
        {
            int count = LibTorch.CudaDevices();
            if (count > 0)
            {
                return new Finding("CUDA", FindingState.Fine, $"{count} device{(count == 1 ? "" : "s")}: --device cuda");
            }
            return CudaDriver.IsInstalled()
                ? new Finding(
                    "CUDA",
                    FindingState.Optional,
                    "the NVIDIA driver is there, but this libtorch is built without CUDA",
                    "build with -p:Torch=cuda, or with -p:Torch=external and PAWS_LIBTORCH=/path/to/torch/lib of a PyTorch with CUDA"
                )
                : new Finding(
                    "CUDA",
                    FindingState.Optional,
                    "no NVIDIA driver: training runs on the CPU",
                    "with an NVIDIA GPU, install its driver, then build with -p:Torch=cuda, or -p:Torch=external and PAWS_LIBTORCH=/path/to/torch/lib"
                );
        }
        catch (UserErrorException e)
        {
            return new Finding("CUDA", FindingState.Optional, e.Message, "train with --device cpu");
        }
    }

    private static Finding Skia()
    {
        try
        {
            using var bitmap = new SKBitmap(2, 2);
            using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
            return new Finding(
                "SkiaSharp",
                FindingState.Fine,
                $"{typeof(SKBitmap).Assembly.GetName().Version?.ToString(3)} decodes JPEG and PNG; no fonts are needed"
            );
        }
        catch (Exception e) when (e is TypeInitializationException or DllNotFoundException or InvalidOperationException)
        {
            return new Finding(
                "SkiaSharp",
                FindingState.Missing,
                $"does not load: {LibTorch.FirstLine(e)}",
                "build again with \"dotnet build -c Release\""
            );
        }
    }
}
