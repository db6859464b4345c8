using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Paws.Data.Datasets;
using Paws.Runner.Config;

namespace Paws.Runner.Training;

/// <summary>
/// What a run's data were when it began, as far as it can be told cheaply: the names of the images, in their order. A continuation needs
/// the same, since every index stands for a place in that order.
/// </summary>
/// <param name="Train">Training images.</param>
/// <param name="Test">Test images.</param>
/// <param name="Classes">Classes.</param>
/// <param name="Names">Hash of names and labels.</param>
/// <param name="LeftOut">Whether images that cannot be read were left out of the listing.</param>
internal sealed record RunData(int Train, int Test, int Classes, string Names, bool LeftOut)
{
    /// <summary>Name of the file in the run directory.</summary>
    public const string FileName = "data.json";

    /// <summary>Of an opened data set.</summary>
    public static RunData Of(DatasetPair data, bool leftOut)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in (IImageDataset[])[data.Train, data.Test])
        {
            for (var i = 0; i < part.Count; i++)
            {
                hash.AppendData(Encoding.UTF8.GetBytes($"{part.NameOf(i)}\0{part.Labels[i]}\n"));
            }
            hash.AppendData("\n"u8);
        }
        return new(data.Train.Count, data.Test.Count, data.Train.Classes.Count, Convert.ToHexStringLower(hash.GetHashAndReset()), leftOut);
    }

    /// <summary>What a run directory says; null where it says nothing, as those of earlier versions.</summary>
    public static RunData? Read(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            return null;
        }
        try
        {
            var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
            return new(
                (int)json["train"]!,
                (int)json["test"]!,
                (int)json["classes"]!,
                (string)json["names_sha256"]!,
                (bool)json["unreadable_left_out"]!
            );
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException or FormatException)
        {
            throw new UserErrorException($"{path} is damaged; delete it to go on without comparing the data", e);
        }
    }

    /// <summary>
    /// Whether unreadable images are to stay in the listing of a run's data and be replaced when they are met: they are to be skipped, but
    /// were part of the listing when the run began, so leaving them out would move every index behind them.
    /// </summary>
    public static bool KeepsBadImages(string directory, PawsConfig config) =>
        config.Data.SkipBadImages
        && RunDirectory.HoldsRun(directory)
        && !(Read(directory)?.LeftOut ?? RunDirectory.ReadConfig(directory).Data.SkipBadImages);

    /// <summary>Writes it into a run directory.</summary>
    public void Write(string directory) =>
        AtomicFile.WriteAllText(
            Path.Combine(directory, FileName),
            new JsonObject
            {
                ["train"] = Train,
                ["test"] = Test,
                ["classes"] = Classes,
                ["names_sha256"] = Names,
                ["unreadable_left_out"] = LeftOut,
            }.ToJsonString(JsonSerializerOptions.Default) + "\n"
        );

    /// <summary>Refuses to go on with other data.</summary>
    /// <param name="now">What the data are now.</param>
    /// <param name="where">Where they are.</param>
    /// <exception cref="UserErrorException">They are not the same.</exception>
    public void Require(RunData now, string where)
    {
        if ((now.Train, now.Test, now.Classes, now.Names) == (Train, Test, Classes, Names))
        {
            return;
        }
        var counts =
            (now.Train, now.Test, now.Classes) == (Train, Test, Classes)
                ? $"as many ({Train} training and {Test} test images), but with other names"
                : $"{now.Train} training and {now.Test} test images of {now.Classes} classes, and were {Train}, {Test} and {Classes}";
        throw new UserErrorException(
            $"--resume: the images in {where} are not those that the run began with: they are {counts}; bring those back (name their folder "
                + "with --data), or start a new run with another --out"
        );
    }
}
