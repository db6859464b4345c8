using System.Security.Cryptography;
using System.Text;
using Paws.Runner.Config;

namespace Paws.Runner.Repro;

/// <summary>One training run of a plan: a configuration and its seed. Cells with the same configuration share it.</summary>
/// <param name="Config">As it will be resolved by <c>paws train</c>.</param>
public sealed record ReproRun(PawsConfig Config)
{
    /// <summary>Name of its directory: method, hash of the configuration, seed.</summary>
    public string Key { get; } = $"{Config.Method.Name}-{HashOf(Config)}-seed{Config.Meta.Seed}";

    /// <summary>
    /// How much there is to compute, in pixels through the network, a rough measure for time left. A step sees the supports and two
    /// large views, and the small ones, of each unlabeled image; other methods leave out one or the other.
    /// </summary>
    public double Cost
    {
        get
        {
            var (criterion, data, views) = (Config.Criterion, Config.Data, Config.Views);
            double large = Square(views.LargeSize ?? 32),
                small = Square(views.SmallSize ?? 18);
            double supports =
                (double)criterion.ClassesPerBatch
                * criterion.SupervisedImgsPerClass
                * criterion.SupervisedViews
                / criterion.UnsupervisedBatchSize;
            var crops = data.Multicrop * small;
            var image = Config.Method.Name switch
            {
                TrainMethod.Supervised => 0,
                TrainMethod.Paws => (2 + supports) * large + crops,
                TrainMethod.Swav => 2 * large + crops,
                TrainMethod.SimClrSuncet => (2 + supports) * large,
                TrainMethod.FixMatch => (2 + (double)Config.Method.LabeledBatch / criterion.UnsupervisedBatchSize) * large,
                _ => 2 * large,
            };
            var labeled =
                Config.Method.Name == TrainMethod.Supervised ? (double)Config.Baseline.Steps * Config.Baseline.BatchSize * large : 0;
            // The size of the data set is the same for all runs of a plan, and so left out: 50,000 stands for it.
            return 50_000 * Config.Optimization.Epochs * image + labeled;
        }
    }

    /// <summary>Twelve digits of the hash of what differs from the defaults, where results go and the seed left out: it stays the same when keys are added.</summary>
    private static string HashOf(PawsConfig config)
    {
        var usual = new PawsConfig();
        var computed = config with
        {
            Logging = usual.Logging,
            Data = config.Data with { RootPath = null, ImageFolder = null, Workers = 0 },
            Meta = config.Meta with { Seed = 0, Device = usual.Meta.Device },
        };
        var lines = ConfigDiff
            .Describe(computed, usual)
            .Select(line => line[..line.LastIndexOf(", was ", StringComparison.Ordinal)])
            .Order(StringComparer.Ordinal);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))))[..12];
    }

    private static double Square(int edge) => (double)edge * edge;
}
