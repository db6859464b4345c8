namespace Paws.Runner.Repro;

/// <summary>A drawing of an item, as a file.</summary>
/// <param name="Extension">.svg, .png or .html.</param>
/// <param name="Content">The file.</param>
internal sealed record ItemDrawing(string Extension, byte[] Content)
{
    public static IEnumerable<ItemDrawing> Of(ReproPlan plan, ItemResult result, RunStore store, string work) => [];
}
