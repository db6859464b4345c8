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

    /// <summary>How much there is to compute.</summary>
    public RunCost Cost => new(Config);

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
}
