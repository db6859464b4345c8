using Paws.Model;
using Paws.Runner.Bench;
using Paws.Runner.Config;
using Paws.Runner.Repro;

namespace Paws.Runner.Training;

/// <summary>About how long a run takes, told before it begins: what there is to compute against a usual pace.</summary>
internal static class ExpectedTime
{
    /// <summary>
    /// Multiplications and additions of convolutions a second, on 2 cores with bf16 instructions: the preset quick has 10.9 · 10¹² in
    /// its 42 seconds. Larger encoders are faster (cifar10-cpu: 2.3 · 10¹¹ on a single core), cores without such instructions slower.
    /// </summary>
    public const double Pace = 2.6e11;

    /// <summary>A preset that the images chose, and what it comes to.</summary>
    public static string Describe(string preset, RunSetting run, Encoder encoder)
    {
        var (config, minutes) = (run.Config, Minutes(run.Config, encoder, run.Data.Train.Count, run.Data.Test.Count));
        var about =
            minutes < 1
                ? "less than a minute"
                : FormattableString.Invariant($"about {minutes:0} {(Math.Round(minutes) == 1 ? "minute" : "minutes")}");
        return FormattableString.Invariant(
            $"preset {preset}: {config.Meta.ModelName} at {config.Views.LargeSize} pixels, {config.Optimization.Epochs} epochs, {about} on 2 cores like those it was made on; choose another with --preset"
        );
    }

    /// <summary>Minutes of training by the method, fine-tuning, and the baseline.</summary>
    /// <param name="config">Resolved configuration.</param>
    /// <param name="encoder">What is trained.</param>
    /// <param name="images">Training images.</param>
    /// <param name="tests">Test images.</param>
    public static double Minutes(PawsConfig config, Encoder encoder, int images, int tests)
    {
        var size = config.Views.LargeSize ?? 32;
        var perPixel = Arithmetic.ConvolutionFlops(encoder, size) / ((double)size * size);
        return new RunCost(config, images, tests).WithBaseline * perPixel / Pace / 60;
    }
}
