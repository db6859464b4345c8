using Paws.Model;
using Paws.Runner.Bench;
using Paws.Runner.Config;
using Paws.Runner.Repro;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>About how long a run takes, told before it begins: what there is to compute against a usual pace.</summary>
internal static class ExpectedTime
{
    /// <summary>
    /// Multiplications and additions of convolutions a second, on 2 cores with bf16 instructions: the preset quick has 10.9 · 10¹² in
    /// its 42 seconds. Larger encoders are faster (cifar10-cpu: 2.3 · 10¹¹ on a single core).
    /// </summary>
    public const double Pace = 2.6e11;

    /// <summary>The same on 2 cores without such instructions: 4 · 10¹⁰ a core in 0.6 epochs of quick.</summary>
    public const double PlainPace = 8e10;

    /// <summary>A preset that the images chose, and what it comes to.</summary>
    public static string Describe(string preset, RunSetting run, Encoder encoder)
    {
        var config = run.Config;
        return FormattableString.Invariant(
            $"preset {preset}: {config.Meta.ModelName} at {config.Views.LargeSize} pixels, {config.Optimization.Epochs} epochs{About(run, encoder)}; choose another with --preset"
        );
    }

    /// <summary>The time in words; nothing of a GPU, whose pace is its own.</summary>
    private static string About(RunSetting run, Encoder encoder)
    {
        if (run.Device.type != DeviceType.CPU)
        {
            return "";
        }
        var fast = run.ComputeType == torch.ScalarType.BFloat16;
        var minutes = Math.Round(Minutes(run.Config, encoder, run.Data.Train.Count, run.Data.Test.Count, fast ? Pace : PlainPace));
        var time =
            minutes < 1 ? "less than a minute"
            : minutes == 1 ? "about 1 minute"
            : FormattableString.Invariant($"about {minutes} minutes");
        return $", {time} on 2 cores {(fast ? "like those it was made on" : "without bf16 instructions, as here")}";
    }

    /// <summary>Minutes of training by the method, fine-tuning, and the baseline.</summary>
    /// <param name="config">Resolved configuration.</param>
    /// <param name="encoder">What is trained.</param>
    /// <param name="images">Training images.</param>
    /// <param name="tests">Test images.</param>
    /// <param name="pace"><see cref="Pace"/> or <see cref="PlainPace"/>.</param>
    public static double Minutes(PawsConfig config, Encoder encoder, int images, int tests, double pace)
    {
        var size = config.Views.LargeSize ?? 32;
        var perPixel = Arithmetic.ConvolutionFlops(encoder, size) / ((double)size * size);
        return new RunCost(config, images, tests).WithBaseline * perPixel / pace / 60;
    }
}
