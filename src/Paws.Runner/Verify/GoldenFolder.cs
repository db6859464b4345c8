using System.Text.Json;
using System.Text.Json.Nodes;
using TorchSharp;

namespace Paws.Runner.Verify;

/// <summary>A folder of golden files: inputs and outputs of the published implementation, in float64.</summary>
internal static class GoldenFolder
{
    private delegate IEnumerable<Comparison> Checker(string file, GoldenJson json, torch.Device device);

    /// <summary>How each known file is checked, in the order of display.</summary>
    private static readonly (string Name, Checker Check)[] Known =
    [
        ("losses.json", (file, json, device) => json.Items.Select(c => LossFile.Check(file, c, device))),
        ("label_matrices.json", (file, json, _) => json.Items.Select((c, i) => LabelMatrixFile.Check(file, c, i))),
        ("schedules.json", (file, json, _) => json.Items.Select((c, i) => ScheduleFile.Check(file, c, i))),
        ("lars.json", (file, json, device) => json.Items.Select((c, i) => LarsFile.Check(file, c, i, device))),
        ("soft_nn_eval.json", (file, json, device) => json.Items.Select((c, i) => SoftNearestNeighboursFile.Check(file, c, i, device))),
        ("models.json", (file, json, device) => json.Items.SelectMany(c => ModelFile.Check(file, c, device))),
        ("augment.json", Augment),
    ];

    /// <summary>The golden files that come with the program.</summary>
    public static string Shipped => Path.Combine(AppContext.BaseDirectory, "golden");

    /// <summary>Names of the known files that the folder has, in the order in which they are checked.</summary>
    /// <exception cref="UserErrorException">There is no such folder, or no known file in it.</exception>
    public static IReadOnlyList<string> Files(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new UserErrorException(
                $"there is no folder {folder}; paws verify without a folder checks against the files that come with it"
            );
        }
        var files = Known.Select(k => k.Name).Where(name => File.Exists(Path.Combine(folder, name))).ToList();
        return files.Count > 0
            ? files
            : throw new UserErrorException($"{folder} has no golden files; known are {string.Join(", ", Known.Select(k => k.Name))}");
    }

    /// <summary>Checks every case of one file.</summary>
    /// <exception cref="UserErrorException">The file is not a golden file.</exception>
    public static IEnumerable<Comparison> Check(string folder, string file, torch.Device device)
    {
        var path = Path.Combine(folder, file);
        JsonNode? root;
        try
        {
            using var stream = File.OpenRead(path);
            root = JsonNode.Parse(stream);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"{path} cannot be read as JSON: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        return Known.First(k => k.Name == file).Check(file, new GoldenJson(root, path), device);
    }

    private static IEnumerable<Comparison> Augment(string file, GoldenJson json, torch.Device device)
    {
        var images = AugmentFile.Images(json);
        return json["cases"].Items.Select((c, i) => AugmentFile.Check(file, c, images, i));
    }
}
